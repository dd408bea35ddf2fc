@NullMarked
package org.tastemaker.optim.hps;

import org.jspecify.annotations.NullMarked;
