/**
 * Parquet, for the public data sets of {@link org.tastemaker.feedback.votes}.
 *
 * <pre>
 *   {@link org.tastemaker.datasets.ParquetRecords}: a file or a folder of shards
 *     | records --&gt; {@link org.tastemaker.feedback.votes.VoteFile} of any shape
 *
 *   {@link org.tastemaker.datasets.PickAPicWriter}: rows --&gt; a file of Pick-a-Pic's shape
 * </pre>
 *
 * <p>Columns are decoded and records put together by Apache's {@code parquet-column}. Its reader of
 * files needs Hadoop, so the pages are found and decompressed here; nobody carries Hadoop, and all
 * of it is Java.
 */
@NullMarked
package org.tastemaker.datasets;

import org.jspecify.annotations.NullMarked;
