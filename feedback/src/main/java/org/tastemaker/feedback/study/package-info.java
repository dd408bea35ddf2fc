/**
 * Does a judge stand in for people? Judgements against people's votes.
 *
 * <pre>
 *   {@link org.tastemaker.feedback.study.VotedGroup}s: images and people's votes about their pairs
 *     | images --&gt; {@link org.tastemaker.feedback.annotate.AnnotationJob}: the judge, by a protocol, within a budget
 *     |             | its dataset, or scores, or other people's votes: {@link org.tastemaker.feedback.study.Verdicts}
 *     v             v
 *   {@link org.tastemaker.feedback.study.AgreementStudy} --&gt; {@link org.tastemaker.feedback.study.StudyReport}: figures with intervals, and what is missing
 * </pre>
 *
 * <p>The asking is an annotation job, so a study that is killed goes on where it stopped: nothing
 * is asked twice, and the analysis can be repeated from what was kept, as often as wanted.
 */
@NullMarked
package org.tastemaker.feedback.study;

import org.jspecify.annotations.NullMarked;
