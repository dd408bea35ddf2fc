/**
 * Annotation jobs: groups of images in, a dataset of preferences out, also across crashes and
 * failures.
 *
 * <p>The dataset is JSON Lines. Its first line is a header with the settings that decide the
 * judgements (rubric, protocol, seed, judge); each further one is one judgement, with the group's
 * identity, what is needed to ask again, and a checksum. The file only grows:
 *
 * <pre>
 *   {"format":"tastemaker-preferences","version":1,"rubric":"quality@1", ... ,"crc":"1c291ca3"}
 *   {"id":"6d0b...","time":"...","prompt":{...},"images":["..."],"ranking":[[2],[0,1]], ... ,"crc":"..."}
 * </pre>
 *
 * <p>{@link org.tastemaker.feedback.annotate.AnnotationJob} can be killed at any moment and
 * resumed. A judgement is in the dataset once its line is written, in a single write. When resumed,
 * the job reads which groups the dataset holds, moves an unfinished last line to {@code
 * <name>.damaged}, and judges the other groups. A question that was answered before the kill, but
 * whose judgement was not yet written, is asked again: with a judge that caches its answers on disk
 * it is not paid for twice.
 *
 * <p>A judgement that is missing has a line too, with its reason. If the group is asked again, it
 * gets another line, and that one counts. Nothing is recorded of a judge that fails about
 * everything in the same way: lines of missing judgements are held back until a group is judged.
 *
 * <p>In memory are the groups in flight, those held back, 32 bytes for each judgement of the
 * dataset, and some more for each missing one.
 */
@NullMarked
package org.tastemaker.feedback.annotate;

import org.jspecify.annotations.NullMarked;
