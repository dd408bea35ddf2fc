package org.tastemaker.optim.zo;

import io.soabase.recordbuilder.core.RecordBuilder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.tastemaker.core.DivergedException;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.Seed;
import org.tastemaker.core.StepReport;
import org.tastemaker.core.run.Settings;

/**
 * ZO-RankSGD: stochastic gradient descent on a function whose values can only be ranked.
 *
 * <p>Tang, Rybin and Chang, "Zeroth-Order Optimization Meets Human Feedback: Provable Learning via
 * Ranking Oracles" (ICLR 2024), algorithms 1 and 2. The objective is
 *
 * <pre>
 *   min_x f(x)   where an oracle names the best k of m points, in order, and f itself is never seen
 * </pre>
 *
 * <p>The answer about {@code x + mu xi_1, ..., x + mu xi_m}, with xi_i standard normal, is a graph
 * with the edges {@code E = {(i, j): f(x_i) < f(x_j) follows}}. Its estimate of the gradient's
 * direction, and the descent direction that is used here, are
 *
 * <pre>
 *   g = 1/|E| sum_{(i,j) in E} (x_j - x_i)/mu = -1/|E| sum_i w_i xi_i
 *   d = -g,   w_i = m - 1 - 2r at place r = 0, 1, ... of the best k,   w_i = -k for the others
 * </pre>
 *
 * <p>w_i is the number of edges out of i minus the number into it. Each round:
 *
 * <ol>
 *   <li>asks for the best k of m probes around x, and adds their direction d to those of the rounds
 *       since the last move, which were found at the same x;
 *   <li>asks for the best of these: {@code x + eta gamma^i dbar}, i = 0, ..., l - 1, where dbar is
 *       the mean of the directions; the best probe of this round; and x itself;
 *   <li>moves there and discards the directions. If the best is x, it stays: the next round's
 *       direction is averaged in, and the estimate becomes less noisy.
 * </ol>
 *
 * <table class="striped">
 * <caption>Notation</caption>
 * <thead><tr><th>code</th><th>symbol</th></tr></thead>
 * <tbody>
 * <tr><td>point</td><td>x, [d]</td></tr>
 * <tr><td>options.probes, best</td><td>m, k</td></tr>
 * <tr><td>options.radius</td><td>mu</td></tr>
 * <tr><td>options.stepSize, stepDecay, stepCandidates</td><td>eta, gamma, l</td></tr>
 * <tr><td>graph.edges(), graph.weights()</td><td>|E|, w</td></tr>
 * <tr><td>directionSum / directions</td><td>dbar, [d]</td></tr>
 * </tbody>
 * </table>
 *
 * <p><b>Differences from the public code</b> (TZW1998, optimizer.py): its weights for the ranked
 * items are m - 2r, one more than the graph's, so they do not sum to 0 and the probes' mean enters
 * the direction ({@link RankWeights#PUBLISHED_CODE} gives them); its direction has a factor mu, so
 * its step size is eta / mu; it does not handle ties or missing answers.
 *
 * <p><b>Ties and missing answers.</b> Tied probes share their places' weights and have no edge
 * between them. A move needs a clear winner: if x is among the best, or is not ranked, the search
 * stays at x. An answer without a preference moves nothing; it is counted, and the directions found
 * so far are kept. If the problem throws, the round stays open, and the next {@link #step} asks the
 * same question.
 *
 * <p>Probe i of round t is {@link Seed#gaussian stream} i of {@code seed.split(t)}, so a run
 * resumed from {@link #save} is bit-identical to one that was never stopped. Not thread-safe.
 */
public final class ZoRankSgd {
  private final RankingProblem problem;
  private final Options options;
  private final Seed seed;
  private SearchState state;

  /**
   * Starts a search.
   *
   * @param problem ranks the candidates
   * @param start the initial x, at least one number, all finite; copied
   * @param options hyper-parameters
   * @param seed of the probes
   */
  public ZoRankSgd(RankingProblem problem, float[] start, Options options, Seed seed) {
    this.problem = Objects.requireNonNull(problem, "problem == null");
    this.options = Objects.requireNonNull(options, "options == null");
    this.seed = Objects.requireNonNull(seed, "seed == null");
    if (start.length == 0) {
      throw new IllegalArgumentException("the start must hold at least one number, but is empty");
    }
    for (int i = 0; i < start.length; i++) {
      if (!Float.isFinite(start[i])) {
        throw new IllegalArgumentException(
            "the start must be finite, but its element " + i + " is " + start[i]);
      }
    }
    this.state = SearchState.at(start);
  }

  /**
   * Does one round: a ranking of the probes, and one of the steps along their direction.
   *
   * @return what happened. Its metrics are {@code moved} (0 or 1), {@code stepLength} (Euclidean),
   *     {@code averagedDirections} (how many directions were averaged), and counts since the start:
   *     {@code evaluations} (new points that were shown), {@code moves}, {@code unanswered} and
   *     {@code undecided} (answers without a preference). If x did not move, the step is reported
   *     as skipped, with the reason
   * @throws IllegalStateException if the problem's answer ranks another number of items
   * @throws DivergedException if a candidate holds NaN or infinity; x has not moved then
   */
  public StepReport step() {
    SearchState s = state;
    if (!s.probed()) {
      // 1. The best k of m probes around x.
      List<float[]> xi = new ArrayList<>(); // [m][d]
      for (int i = 0; i < options.probes(); i++) {
        xi.add(noise(s, i));
      }
      List<float[]> probes = xi.stream().map(noise -> probe(s, noise)).toList();
      Ranking answer = ask(probes, options.best());
      s.evaluations += probes.size();
      PreferenceGraph graph = PreferenceGraph.of(answer, options.best());
      if (graph.edges() == 0) {
        return stay(s, answer.isEmpty(), "the probes");
      }
      // 2. Their direction, added to those that were found at this x before.
      addDirection(s, graph, xi);
      s.bestProbe = answer.tiers().get(0).get(0);
    }
    // 3. The best of some steps along the mean direction, of the best probe, and of x.
    int averaged = s.directions;
    List<float[]> candidates = new ArrayList<>();
    for (int i = 0; i < options.stepCandidates(); i++) {
      candidates.add(candidate(s, options.stepSize() * Math.pow(options.stepDecay(), i))); // [d]
    }
    candidates.add(probe(s, noise(s, s.bestProbe)));
    candidates.add(s.point.clone());
    int current = candidates.size() - 1;
    Ranking answer = ask(candidates, 1);
    s.evaluations += options.stepCandidates();
    // 4. Move, or stay and average in one more direction.
    if (answer.isEmpty() || answer.rank(current).isEmpty()) {
      return stay(s, answer.isEmpty(), "the steps");
    }
    if (answer.rank(current).getAsInt() == 1) {
      return s.close(0, averaged, "no step is better than the current point");
    }
    float[] winner = candidates.get(answer.tiers().get(0).get(0));
    double length = distance(s.point, winner);
    s.moveTo(winner);
    return s.close(length, averaged, null);
  }

  /**
   * The current point.
   *
   * @return x, a copy
   */
  public float[] point() {
    return state.point.clone();
  }

  /**
   * How many rounds were done.
   *
   * @return the number in the last report, 0 before the first
   */
  public long rounds() {
    return state.round;
  }

  /**
   * Writes all that a resumed search needs to {@code zo-rank-sgd.safetensors}.
   *
   * @param folder an existing folder
   */
  public void save(Path folder) {
    state.write(folder, settings());
  }

  /**
   * Restores what {@link #save} wrote. If the problem gives the same answers, the rounds after it
   * are bit-identical to those of an uninterrupted search.
   *
   * @param folder the folder that {@code save} wrote to
   * @return what has changed of the radius and the step size, which may change, a sentence each
   * @throws IllegalArgumentException if the folder holds no search, a damaged one, or one with
   *     other options, another seed or another dimension; nothing has changed then
   */
  public List<String> restore(Path folder) {
    SearchState.Read read =
        SearchState.read(folder, settings(), options.probes(), state.point.length);
    state = read.state();
    return read.changes();
  }

  /** What a resumed search must have in common with the one that was saved. */
  private Settings settings() {
    return Settings.of(options).with("seed", seed.key()).with("format", 1);
  }

  /** xi_i, [d]. */
  private float[] noise(SearchState s, int i) {
    float[] xi = new float[s.point.length];
    seed.split(s.round).gaussian(i, xi);
    return xi;
  }

  /** x + mu xi_i. */
  private float[] probe(SearchState s, float[] xi) {
    float[] probe = new float[s.point.length];
    for (int c = 0; c < probe.length; c++) {
      probe[c] = (float) (s.point[c] + options.radius() * xi[c]);
    }
    return probe;
  }

  /** 1/|E| sum_i w_i xi_i. */
  private void addDirection(SearchState s, PreferenceGraph graph, List<float[]> xi) {
    int[] weights = graph.weights(options.weights());
    double[] direction = new double[s.point.length];
    for (int i = 0; i < weights.length; i++) {
      double w = (double) weights[i] / graph.edges();
      float[] noise = xi.get(i);
      for (int c = 0; c < direction.length; c++) {
        direction[c] += w * noise[c];
      }
    }
    for (int c = 0; c < direction.length; c++) {
      s.directionSum[c] += (float) direction[c];
    }
    s.directions++;
  }

  /** x + step dbar. */
  private float[] candidate(SearchState s, double step) {
    float[] candidate = new float[s.point.length];
    for (int c = 0; c < candidate.length; c++) {
      candidate[c] = (float) (s.point[c] + step * s.directionSum[c] / s.directions);
    }
    return candidate;
  }

  private Ranking ask(List<float[]> candidates, int best) {
    for (float[] candidate : candidates) {
      for (float value : candidate) {
        if (!Float.isFinite(value)) {
          throw new DivergedException(
              "round " + (state.round + 1),
              "a candidate holds "
                  + value
                  + "; resume with a lower stepSize ("
                  + options.stepSize()
                  + ") or radius ("
                  + options.radius()
                  + ")");
        }
      }
    }
    Ranking answer = problem.rank(List.copyOf(candidates), best);
    if (answer.size() != candidates.size()) {
      throw new IllegalStateException(
          String.format(
              Locale.ROOT,
              "round %s: the answer must be a ranking of the %s candidates, but is one of %s items",
              state.round + 1,
              candidates.size(),
              answer.size()));
    }
    return answer;
  }

  private StepReport stay(SearchState s, boolean unanswered, String what) {
    if (unanswered) {
      s.unanswered++;
      return s.close(0, s.directions, "there is no answer about " + what);
    }
    s.undecided++;
    return s.close(0, s.directions, "the answer about " + what + " has no preference");
  }

  private static double distance(float[] a, float[] b) {
    double squares = 0;
    for (int c = 0; c < a.length; c++) {
      squares += ((double) a[c] - b[c]) * ((double) a[c] - b[c]);
    }
    return Math.sqrt(squares);
  }

  /**
   * Hyper-parameters.
   *
   * @param probes m, at least 2: how many points around x are shown to the oracle
   * @param best k, in [1, m]: how many of them the oracle puts in order
   * @param radius mu, above 0: how far away the probes are, in units of a standard normal deviate
   *     per coordinate
   * @param stepSize eta, above 0: the largest step, as a factor of a direction whose length is near
   *     {@code sqrt(2 d / |E|)} or more
   * @param stepDecay gamma, in (0, 1): each further candidate is closer to x by this factor
   * @param stepCandidates l, at least 1: how many step sizes are tried
   * @param weights which weights the items of an answer get
   */
  @RecordBuilder
  public record Options(
      int probes,
      int best,
      double radius,
      double stepSize,
      double stepDecay,
      int stepCandidates,
      RankWeights weights)
      implements ZoRankSgdOptionsBuilder.With {
    public Options {
      require(probes >= 2, "probes must be at least 2, but was " + probes);
      require(
          best >= 1 && best <= probes,
          "best must be in [1, probes] = [1, " + probes + "], but was " + best);
      require(
          radius > 0 && Double.isFinite(radius),
          "radius must be above 0 and finite, but was " + radius);
      require(
          stepSize > 0 && Double.isFinite(stepSize),
          "stepSize must be above 0 and finite, but was " + stepSize);
      require(stepDecay > 0 && stepDecay < 1, "stepDecay must be in (0, 1), but was " + stepDecay);
      require(stepCandidates >= 1, "stepCandidates must be at least 1, but was " + stepCandidates);
      Objects.requireNonNull(weights, "weights == null");
    }

    /**
     * The set-up of the paper's experiments on functions: 10 probes, all of them ranked, and 5 step
     * sizes that differ by factors of 0.1. The paper finds radius and step size by a grid search
     * for each function; the values here are a starting point for coordinates near 1. With a judge
     * who is never wrong, a smaller radius is better. A judge who can be wrong needs a larger one,
     * so that the probes differ visibly.
     *
     * @return the options
     */
    public static Options defaults() {
      return new Options(10, 10, 1e-3, 0.3, 0.1, 5, RankWeights.EXACT);
    }

    /**
     * For the initial noise of an image, judged by a person or a model that sees six images at a
     * time: the best 3 of 6 probes, and 4 step sizes that differ by factors of 0.5, as in the
     * public code. The radius and the step size are this library's choice: probes look similar to
     * each other, and the largest step is about two thirds of the noise's own length.
     *
     * @return the options
     */
    public static Options forLatents() {
      return new Options(6, 3, 0.1, 1, 0.5, 4, RankWeights.EXACT);
    }

    /**
     * For the gains of a LoRA ({@link org.tastemaker.diffusion.lora.LoraGains}), whose images are
     * judged per prompt: 6 probes, all of them ranked, and 2 step sizes. The radius and the step
     * size are those that worked on this library's small model. With both doubled, the score rose
     * as far, but less evenly and at more than twice the KL to the model.
     *
     * @return the options
     */
    public static Options forGains() {
      return new Options(6, 6, 0.15, 0.25, 0.5, 2, RankWeights.EXACT);
    }

    private static void require(boolean condition, String message) {
      if (!condition) {
        throw new IllegalArgumentException(message);
      }
    }
  }
}
