/**
 * The program {@code tastemaker}: the library's everyday tasks as commands, for those who do not
 * write Java. A command checks its arguments, calls the library, and says what it did.
 */
@NullMarked
package org.tastemaker.examples.cli;

import org.jspecify.annotations.NullMarked;
