/** The core module. */
@NullMarked
package org.tastemaker.core;

import org.jspecify.annotations.NullMarked;
