/** Tests of the noise schedules and samplers. */
@NullMarked
package org.tastemaker.diffusion.schedule;

import org.jspecify.annotations.NullMarked;
