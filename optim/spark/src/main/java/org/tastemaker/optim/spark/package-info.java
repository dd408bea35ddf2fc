/**
 * Rows on Apache Spark: {@link org.tastemaker.optim.spark.SparkCarrier} takes the place of {@code
 * LocalCarrier} or {@code HttpCarrier}, and nothing else of a run changes.
 *
 * <p>There is no sampler, judge, reward or gradient of Spark's own: {@code RowSampler}, {@code
 * RowOracle}, {@code RowReward} and {@code RowGradients} are these, with a driver over this
 * carrier. A run on one machine becomes one on a cluster like this:
 *
 * <pre>{@code
 * SparkConf conf = SparkSettings.threads(new SparkConf().setAppName("alignment"), 8);
 * RowSetup setup =
 *     RowSetup.none()
 *         .withModel(recipe)                     // a path that every executor has, and its checksum
 *         .withOracle(factory)                   // its key comes from the executor's environment
 *         .withReward(scores)
 *         .withLoss(options.loss())              // for gradients: of Ddpo.Options, for example
 *         .withQuestions(limit / executors)      // each executor's share of the judge's limit
 *         .withAnswers("/shared/answers");       // what a lost executor was answered is not asked again
 * try (JavaSparkContext spark = new JavaSparkContext(conf);
 *     SparkCarrier carrier = SparkCarrier.of(spark, setup, SparkCarrier.Options.defaults())) {
 *   RowDriver driver = RowDriver.of(carrier).keeping(RowStore.in(kept)).within(budget);
 *   policy.computeGradientsBy(
 *       RowGradients.of(driver, recipe, policy, () -> RowAdapter.of(lora)));
 *   AlignmentRun.of(
 *           prompts,
 *           RowSampler.of(driver, recipe, policy.sampler(), () -> Optional.of(RowAdapter.of(lora))),
 *           RowReward.of(driver, scores),
 *           optimizer,
 *           seed)
 *       .judgedBy(RowOracle.of(driver, factory), rubric)
 *       .run(AlignmentRun.Options.rounds(100));
 * }
 * }</pre>
 *
 * <table class="striped">
 * <caption>What travels</caption>
 * <thead><tr><th>what</th><th>how</th><th>how often</th></tr></thead>
 * <tbody>
 * <tr><td>base weights</td><td>not at all: by path and SHA-256</td><td>read once by each executor's
 * process</td></tr>
 * <tr><td>adapters, 1 to 20 MB</td><td>broadcast</td><td>once for each round, and for each update that
 * executors compute gradients of; one that has it fetches it no more</td></tr>
 * <tr><td>the setup, some kilobytes</td><td>with the task, which Spark broadcasts</td><td>for each
 * task</td></tr>
 * <tr><td>work rows</td><td>broadcast, as bytes of {@code RowFormat}</td><td>once, to the executor
 * that does them</td></tr>
 * <tr><td>gradients, each as large as the adapter</td><td>from the task</td><td>one for each
 * micro-batch</td></tr>
 * <tr><td>results</td><td>from the task, as bytes of {@code RowFormat}</td><td>once, with their
 * costs</td></tr>
 * </tbody>
 * </table>
 *
 * <p>Spark, from 4.1 on, is the program's or the cluster's to bring: this module is compiled
 * against it and brings nothing of it. It needs a context of the driver's own process, which Spark
 * Connect does not have. The executors need this module's jars, and those of ND4J's backend, on
 * their class path; and as ND4J's arrays are outside the heap, {@code
 * spark.executor.memoryOverhead} must hold the model and what a batch needs. Nothing outside this
 * package knows Spark or Scala.
 */
@NullMarked
package org.tastemaker.optim.spark;

import org.jspecify.annotations.NullMarked;
