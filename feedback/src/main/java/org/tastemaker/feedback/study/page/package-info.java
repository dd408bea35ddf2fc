/**
 * The report of an agreement study as a page: {@link org.tastemaker.feedback.study.page.StudyPage}.
 *
 * <pre>
 *   {@link org.tastemaker.feedback.study.StudyReport}: figures                     \
 *   people's votes and the judge's verdicts: a few pairs    -- StudyPage --&gt; study.html
 *   the judge's words, from its dataset                     /
 * </pre>
 *
 * <p>The page is one file that loads nothing. Each sentence of it is made from the figures: what is
 * not known is called so, with the reason.
 */
@NullMarked
package org.tastemaker.feedback.study.page;

import org.jspecify.annotations.NullMarked;
