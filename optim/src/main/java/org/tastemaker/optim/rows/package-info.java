/**
 * A run on more than one machine: work as rows that any process can do, and results that do not
 * depend on which process did them.
 *
 * <p>A {@link org.tastemaker.optim.rows.WorkRow} is an image to make, a group to judge, an image to
 * score, or a micro-batch to compute the gradient of; a {@link org.tastemaker.optim.rows.ResultRow}
 * is what came of it, with what it cost. {@link org.tastemaker.optim.rows.RowFormat} writes them as
 * bytes and gives a row its identity. The parts fit together like this:
 *
 * <pre>{@code
 * // Each worker process has one model, by path and checksum, and one judge.
 * RowSetup setup = RowSetup.none().withModel(recipe).withOracle(factory);
 * RowWorker worker = RowWorker.open(setup, RowWorker.processName("host"));
 * RowServer server = RowServer.start(worker, secret);
 *
 * // The driver. Another carrier, such as Spark's, takes the place of this one.
 * HttpCarrier carrier = HttpCarrier.to(workers, secret, HttpCarrier.Options.defaults());
 * RowDriver driver = RowDriver.of(carrier).keeping(RowStore.in(folder)).within(budget);
 * AlignmentRun.of(
 *         prompts,
 *         RowSampler.of(driver, recipe, policy.sampler(), () -> Optional.of(RowAdapter.of(lora))),
 *         reward,
 *         optimizer,
 *         seed)
 *     .judgedBy(RowOracle.of(driver, factory), rubric);
 * }</pre>
 *
 * <table class="striped">
 * <caption>What holds, and where</caption>
 * <thead><tr><th>promise</th><th>kept by</th></tr></thead>
 * <tbody>
 * <tr><td>a result is a function of its row, to the last bit on machines with the same
 * instructions</td><td>{@code RowWorker}: model, adapter, settings, judge and reward are named by
 * hash in the row, and checked</td></tr>
 * <tr><td>results in the order of the rows; duplicates are ignored</td><td>{@code
 * RowDriver}</td></tr>
 * <tr><td>what was answered is not asked again</td><td>{@code RowStore}, on the driver and, shared,
 * on the workers</td></tr>
 * <tr><td>a failed judgement is missing, with its reason</td><td>{@code RowWorker}</td></tr>
 * <tr><td>every answer is counted once, lost ones at the most that they can have
 * cost</td><td>{@code RowCosts}, {@code RowBudget}</td></tr>
 * <tr><td>rows of a lost worker go to another</td><td>the {@link
 * org.tastemaker.optim.rows.RowCarrier}</td></tr>
 * <tr><td>memory does not grow with the number of rows</td><td>{@code RowDriver.stream}</td></tr>
 * </tbody>
 * </table>
 *
 * <p>Training may stay with the driver, or be shared: {@link
 * org.tastemaker.optim.rows.RowGradients} has the gradient of each micro-batch computed by a worker
 * and adds them in the order of the rows, which is how one machine adds them. What a method needs
 * there is its loss, a {@link org.tastemaker.optim.policy.TransitionLoss}, which is named in the
 * setup as a judge is; DDPO, DPOK and GRPO have one. The optimizer's steps stay with the driver.
 *
 * <p>Only the adapter travels, each round or each update; base weights never do.
 */
@NullMarked
package org.tastemaker.optim.rows;

import org.jspecify.annotations.NullMarked;
