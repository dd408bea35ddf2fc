/** What the programs show on a terminal, and what they print without one. */
@NullMarked
package org.tastemaker.examples.console;

import org.jspecify.annotations.NullMarked;
