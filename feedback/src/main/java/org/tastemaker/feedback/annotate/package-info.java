/**
 * Annotation jobs: groups of images in, a dataset of preferences out, whatever happens in between.
 *
 * <p>The dataset is JSON Lines. Its first line is a header with what decides the judgements
 * (rubric, protocol, seed, judge); each further one is one judgement, with the group's identity,
 * what is needed to ask again, and a checksum. The file only grows:
 *
 * <pre>
 *   {"format":"tastemaker-preferences","version":1,"rubric":"quality@1", ... ,"crc":"1c291ca3"}
 *   {"id":"6d0b...","time":"...","prompt":{...},"images":["..."],"ranking":[[2],[0,1]], ... ,"crc":"..."}
 * </pre>
 *
 * <p>{@link org.tastemaker.feedback.annotate.AnnotationJob} can be killed at any moment. A
 * judgement is in the dataset from the single write of its line on; started again, the job reads
 * which groups are there, sets an unfinished last line aside into {@code <name>.damaged}, and goes
 * on with the others. A question that was answered before the kill, but whose judgement was not
 * written yet, is asked again: with a judge that keeps its answers on disk it is not paid again.
 *
 * <p>In memory are the groups under way, and 32 bytes for each judgement of the dataset.
 */
@NullMarked
package org.tastemaker.feedback.annotate;

import org.jspecify.annotations.NullMarked;
