/**
 * Image generators against each other, by a judge that does not know whose image it sees.
 *
 * <pre>
 *   prompts --&gt; {@link org.tastemaker.examples.generators.RewrittenPrompts}: each once, kept
 *     |
 *   {@link org.tastemaker.examples.generators.Source}s x (as given, rewritten) = {@link org.tastemaker.examples.generators.Arm}s
 *     | {@link org.tastemaker.examples.generators.ImageShelf}: each image made once, kept
 *   {@link org.tastemaker.examples.generators.BlindPairs}: one size, one format, random sides, no names
 *     | an annotation job: each pair judged once
 *   {@link org.tastemaker.examples.generators.Tournament}: win rates, Bradley-Terry scores, the effect of rewriting
 * </pre>
 */
@NullMarked
package org.tastemaker.examples.generators;

import org.jspecify.annotations.NullMarked;
