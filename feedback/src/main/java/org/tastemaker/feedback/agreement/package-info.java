/**
 * Statistics of agreement: between a judge and people, two judges, or people among themselves.
 *
 * <pre>
 *   rows: prompt, people's choice, judge's choice in either order --&gt; {@link
 *         org.tastemaker.feedback.agreement.PairAgreement}     accuracies, swap consistency, sides
 *   successes by prompt   --&gt; {@link
 *         org.tastemaker.feedback.agreement.ClusteredMean}     errors that know about prompts
 *   any figure of prompts --&gt; {@link
 *         org.tastemaker.feedback.agreement.PromptBootstrap}   intervals, and two judges compared
 *   scores                --&gt; {@link
 *         org.tastemaker.feedback.agreement.RankCorrelation}, {@link
 *         org.tastemaker.feedback.agreement.TieMargin}
 *   raters by item        --&gt; {@link
 *         org.tastemaker.feedback.agreement.KrippendorffAlpha}, {@link
 *         org.tastemaker.feedback.agreement.HumanCeiling}
 * </pre>
 *
 * <p>Pairs of a prompt are not independent: whoever finds a prompt easy finds all of its pairs
 * easy. So prompts are what is drawn, and what errors are summed over. What is missing is counted
 * and takes no part; it never becomes a wrong answer or a tie.
 */
@NullMarked
package org.tastemaker.feedback.agreement;

import org.jspecify.annotations.NullMarked;
