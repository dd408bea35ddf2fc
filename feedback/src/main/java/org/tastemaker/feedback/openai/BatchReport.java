package org.tastemaker.feedback.openai;

import org.tastemaker.feedback.annotate.JobReport;

/**
 * What a run of an annotation by batch has done.
 *
 * @param dataset how the dataset stands: its last look at all groups
 * @param judged groups that this run judged, and added to the dataset
 * @param missing groups that this run added with a missing judgement, and its reason
 * @param open groups without a judgement: start again, or ask what remains live
 * @param rounds of batches that this run has made
 * @param batches that this run has seen to their end
 */
public record BatchReport(
    JobReport dataset, long judged, long missing, long open, int rounds, int batches) {}
