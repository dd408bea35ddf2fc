/**
 * Examples of one idea each, to be read from top to bottom and changed.
 *
 * <p>Every class runs without arguments, without a key and without a network, on the bundled
 * text-to-emoji model, and says in its comment what to change to do the same for real:
 *
 * <pre>
 * ./mvnw -q -pl examples -am compile exec:java -Dexec.mainClass=org.tastemaker.examples.ideas.RankImages
 * </pre>
 *
 * <p>What they write goes to {@code runs/ideas}. What was trained or paid for in an earlier run is
 * kept. The exit code is 2 for wrong arguments and 1 for other failures.
 */
@NullMarked
package org.tastemaker.examples.ideas;

import org.jspecify.annotations.NullMarked;
