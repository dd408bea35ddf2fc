/** Pages on which people choose, rank and correct, each started by one command. */
@NullMarked
package org.tastemaker.examples.people;

import org.jspecify.annotations.NullMarked;
