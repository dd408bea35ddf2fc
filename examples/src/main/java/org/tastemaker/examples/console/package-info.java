/** What the programs show on a terminal, and what they print where there is none. */
@NullMarked
package org.tastemaker.examples.console;

import org.jspecify.annotations.NullMarked;
