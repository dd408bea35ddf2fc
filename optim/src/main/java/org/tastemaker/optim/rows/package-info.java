/**
 * A run on more than one machine: work as rows that any process can do.
 */
@NullMarked
package org.tastemaker.optim.rows;

import org.jspecify.annotations.NullMarked;
