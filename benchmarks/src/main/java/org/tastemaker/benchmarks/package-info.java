/**
 * Measurements of speed, by JMH. Run them alone on a quiet machine; what counts is the ratio of two
 * figures of one run.
 */
@NullMarked
package org.tastemaker.benchmarks;

import org.jspecify.annotations.NullMarked;
