/**
 * A judge of known faults: what every algorithm can be tested against, and what a quick start can
 * run on without a key.
 */
@NullMarked
package org.tastemaker.feedback.mock;

import org.jspecify.annotations.NullMarked;
