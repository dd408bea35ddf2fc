package org.tastemaker.examples.methods;

import com.google.common.math.Quantiles;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.function.Function;
import java.util.function.ToDoubleBiFunction;
import java.util.function.ToDoubleFunction;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.tastemaker.core.Image;
import org.tastemaker.examples.measure.Estimate;
import org.tastemaker.plot.LinePlot;

/**
 * Our curves beside another program's, over images and over seconds.
 *
 * @param pairs one for each seed
 */
record CurveReport(List<Pair> pairs) {
  private static final double ERROR = 0.05;
  private static final int WIDTH = 640;
  private static final int HEIGHT = 440;

  /**
   * The curves of one seed.
   *
   * @param seed its number
   * @param ours by this library
   * @param theirs by the other program
   */
  record Pair(long seed, Curve ours, Curve theirs) {}

  CurveReport {
    pairs = List.copyOf(pairs);
    if (pairs.isEmpty()) {
      throw new IllegalArgumentException("a report needs the curves of at least one seed");
    }
  }

  /** The rounds whose score all curves have. */
  int[] rounds() {
    int last =
        pairs.stream()
            .mapToInt(p -> Math.min(p.ours().round(), p.theirs().round()))
            .min()
            .orElse(0);
    return IntStream.rangeClosed(0, last)
        .filter(r -> pairs.stream().allMatch(p -> p.ours().isScored(r) && p.theirs().isScored(r)))
        .toArray();
  }

  /**
   * The scores with their differences, and the ratio of the times.
   *
   * @return Markdown
   */
  String markdown() {
    StringBuilder page = new StringBuilder();
    page.append("| round | images | score here | score with PyTorch | difference | seconds here |");
    page.append(" seconds with PyTorch |\n|").append(" --- |".repeat(7)).append("\n");
    for (int round : rounds()) {
      page.append(
          String.format(
              Locale.ROOT,
              "| %d | %d | %s | %s | %s | %.0f | %.0f |%n",
              round,
              pairs.get(0).ours().points().get(round).images(),
              over(p -> p.ours().score(round)).text(),
              over(p -> p.theirs().score(round)).text(),
              over(p -> p.ours().score(round) - p.theirs().score(round)).text(),
              over(p -> p.ours().seconds(round)).value(),
              over(p -> p.theirs().seconds(round)).value()));
    }
    return page.append("\n").append(times()).toString();
  }

  private String times() {
    int[] rounds = rounds();
    int last = rounds.length == 0 ? 0 : rounds[rounds.length - 1];
    if (last == 0) {
      return "No round is done yet on both sides.\n";
    }
    StringBuilder text =
        new StringBuilder(
            String.format(
                Locale.ROOT,
                "Seeds: %d. Brackets: Student's 95 %% intervals over them. A round takes %.2f s here (sampling %.2f, training %.2f) and %.2f s with PyTorch (%.2f, %.2f), medians.",
                pairs.size(),
                median(Pair::ours, Curve.Point::seconds),
                median(Pair::ours, Curve.Point::sampling),
                median(Pair::ours, Curve.Point::training),
                median(Pair::theirs, Curve.Point::seconds),
                median(Pair::theirs, Curve.Point::sampling),
                median(Pair::theirs, Curve.Point::training)));
    text.append(
        String.format(
            Locale.ROOT,
            " PyTorch's seconds divided by ours: %s over all %d rounds, %.3f by the medians",
            over(p -> p.theirs().seconds(last) / p.ours().seconds(last)).text(),
            last,
            median(Pair::theirs, Curve.Point::seconds) / median(Pair::ours, Curve.Point::seconds)));
    processor()
        .ifPresent(
            ratio ->
                text.append(
                    String.format(Locale.ROOT, ", %.3f by those of the processor's time", ratio)));
    return text.append(".\n").toString();
  }

  /** The ratio of the medians of a round's processor time; empty where it was not measured. */
  private OptionalDouble processor() {
    double ours = median(Pair::ours, p -> p.processor().orElse(Double.NaN));
    double theirs = median(Pair::theirs, p -> p.processor().orElse(Double.NaN));
    return ours > 0 && theirs > 0 ? OptionalDouble.of(theirs / ours) : OptionalDouble.empty();
  }

  /** Over all trained rounds of all seeds; NaN where there is none. */
  private double median(Function<Pair, Curve> of, ToDoubleFunction<Curve.Point> value) {
    double[] all =
        pairs.stream()
            .flatMap(pair -> of.apply(pair).points().stream().skip(1))
            .mapToDouble(value)
            .filter(v -> !Double.isNaN(v))
            .toArray();
    return all.length == 0 ? Double.NaN : Quantiles.median().compute(all);
  }

  private Estimate over(ToDoubleFunction<Pair> value) {
    return Estimate.student(pairs.stream().mapToDouble(value).toArray(), ERROR);
  }

  /**
   * Both curves over images, and beside that over seconds: the mean over seeds, and a band from the
   * lowest to the highest of them.
   */
  Image plot() {
    BufferedImage both = new BufferedImage(2 * WIDTH, HEIGHT, BufferedImage.TYPE_INT_RGB);
    Graphics2D canvas = both.createGraphics();
    canvas.drawImage(
        panel("images made and judged", (curve, r) -> curve.points().get(r).images())
            .toBufferedImage(),
        0,
        0,
        null);
    canvas.drawImage(
        panel("seconds of sampling and training", Curve::seconds).toBufferedImage(),
        WIDTH,
        0,
        null);
    canvas.dispose();
    return Image.fromBufferedImage(both);
  }

  private Image panel(String axis, ToDoubleBiFunction<Curve, Integer> x) {
    LinePlot plot = LinePlot.of("Score on held-out seeds", axis, "score");
    line(plot, "here", x, Pair::ours);
    line(plot, "PyTorch", x, Pair::theirs);
    return plot.draw(WIDTH, HEIGHT);
  }

  private void line(
      LinePlot plot, String name, ToDoubleBiFunction<Curve, Integer> x, Function<Pair, Curve> of) {
    int[] rounds = rounds();
    plot.line(
        name,
        each(rounds, r -> curves(of, c -> x.applyAsDouble(c, r)).average().orElseThrow()),
        each(rounds, r -> curves(of, c -> c.score(r)).average().orElseThrow()),
        each(rounds, r -> curves(of, c -> c.score(r)).min().orElseThrow()),
        each(rounds, r -> curves(of, c -> c.score(r)).max().orElseThrow()));
  }

  private DoubleStream curves(Function<Pair, Curve> of, ToDoubleFunction<Curve> value) {
    return pairs.stream().map(of).mapToDouble(value);
  }

  private static double[] each(int[] rounds, ToDoubleFunction<Integer> value) {
    return Arrays.stream(rounds).mapToDouble(value::applyAsDouble).toArray();
  }
}
