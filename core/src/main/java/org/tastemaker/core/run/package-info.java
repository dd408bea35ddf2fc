/**
 * What a run leaves behind: it can be watched while it runs, resumed after a crash, and repeated
 * later.
 *
 * <pre>
 * runs/first/
 *   run.json            format, configuration, provenance (versions, seeds, hashes); written once
 *   config-changes.jsonl  settings that were other ones when the run was resumed, if there are any
 *   metrics.jsonl       one line a step; only ever appended to
 *   notices.jsonl       what a person should know, such as what has changed; if there is anything
 *   images/             000012-evaluation.png
 *   checkpoints/        000012/ ..., each complete
 *   .lock               held by the run that writes
 * </pre>
 *
 * <p><b>A crash at any byte leaves the folder readable.</b> A file is written under another name,
 * flushed to the disk and renamed ({@link org.tastemaker.core.run.AtomicFiles}), so it exists as a
 * whole or not at all; a checkpoint is a folder that is made the same way. The one file that grows,
 * {@link org.tastemaker.core.run.LineLog}, can only be damaged in its last line: what is left of
 * that line is moved to a file beside it when the folder is opened again, and everything before it
 * is kept.
 *
 * <p><b>One owner at a time</b> writes a run's folder, among threads and processes ({@link
 * org.tastemaker.core.run.OwnerLock}); everybody may read. The lock ends with the process.
 *
 * <p>Files are 0600 and folders 0700 where the file system can ({@link
 * org.tastemaker.core.run.PrivateFiles}).
 *
 * <p>A folder of a newer format is rejected with an error that says so, and is not changed.
 *
 * <p><b>What a run was made with</b> is {@link org.tastemaker.core.run.Settings}: made from a
 * record's components, kept as texts, and compared when a run is to be resumed.
 */
@NullMarked
package org.tastemaker.core.run;

import org.jspecify.annotations.NullMarked;
