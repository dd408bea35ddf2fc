package org.tastemaker.examples.methods;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.tastemaker.core.Image;
import org.tastemaker.plot.LinePlot;

/** Long trainings side by side, as curves: a few in each picture, so that each can be followed. */
final class LongCurvePlot {
  /** What the horizontal axis is. */
  enum Axis {
    IMAGES("images made and judged"),
    SECONDS("seconds of sampling, judging and training"),
    /**
     * Up to a curve's best score, after which the KL only grows on. Where it has shrunk, the
     * largest so far.
     */
    KL("KL from the pre-trained model, nats");

    private final String label;

    Axis(String label) {
      this.label = label;
    }
  }

  private record Kind(String name, String title, Set<Method> methods, Axis axis) {}

  /** Those that most is asked about: of DDPO's figure, and their successors. */
  private static final Set<Method> MAIN =
      Set.of(
          Method.DDPO_IS,
          Method.DDPO_SF,
          Method.GRPO_GUARD,
          Method.DPOK,
          Method.RWR,
          Method.DIFFUSION_NFT);

  private static final List<Kind> KINDS =
      List.of(
          new Kind("images", "Held-out score over images", MAIN, Axis.IMAGES),
          new Kind("seconds", "Held-out score over seconds", MAIN, Axis.SECONDS),
          new Kind("kl", "Held-out score over KL", MAIN, Axis.KL),
          new Kind(
              "gradients",
              "Policy gradients",
              Set.of(
                  Method.DDPO_IS,
                  Method.DDPO_SF,
                  Method.GRPO,
                  Method.GRPO_GUARD,
                  Method.FLOW_DPPO,
                  Method.MIX_GRPO,
                  Method.DPOK),
              Axis.IMAGES),
          new Kind(
              "weighted",
              "Images weighted by their rewards",
              Set.of(
                  Method.DPOK_KL_D,
                  Method.DPOK_KL_O,
                  Method.RWR,
                  Method.LEE,
                  Method.BEST_OF_N,
                  Method.DIFFUSION_NFT,
                  Method.MATCHING,
                  Method.CONTROL),
              Axis.IMAGES),
          new Kind(
              "preferences",
              "Pairs, and single likes",
              Set.of(
                  Method.DIFFUSION_DPO, Method.DIFFUSION_KTO, Method.MAPO, Method.D3PO, Method.SPO),
              Axis.IMAGES),
          new Kind(
              "direct",
              "The score's gradient, and searches without any",
              Set.of(
                  Method.REFL,
                  Method.DRAFT_K,
                  Method.ALIGN_PROP,
                  Method.ZO_GAINS,
                  Method.ZO_RANK_SGD),
              Axis.IMAGES));

  private LongCurvePlot() {}

  /**
   * All pictures of some curves.
   *
   * @param curves at least one
   * @return those that have curves
   */
  static List<LongCurvePicture> all(List<LongCurve> curves) {
    List<LongCurvePicture> pictures = new ArrayList<>();
    for (Kind kind : KINDS) {
      List<LongCurve> drawn =
          curves.stream().filter(c -> kind.methods().contains(c.subject().method())).toList();
      if (!drawn.isEmpty()) {
        pictures.add(
            new LongCurvePicture(
                "curves-" + kind.name() + ".png",
                kind.title(),
                draw(drawn, kind.title(), kind.axis())));
      }
    }
    return pictures;
  }

  /**
   * Mean held-out scores; the band is the range of the seeds.
   *
   * @param curves at least one
   * @param title of the picture
   * @param axis the horizontal one
   */
  static Image draw(List<LongCurve> curves, String title, Axis axis) {
    LinePlot plot = LinePlot.of(title, axis.label, "held-out score");
    for (List<LongCurve> line : LongCurvePage.lines(curves).values()) {
      if (Double.isNaN(along(axis, line.get(0).last()))) {
        continue; // its rounds were not timed
      }
      int points = axis == Axis.KL ? LongCurvePage.best(line) + 1 : LongCurvePage.common(line);
      double[][] drawn = new double[4][points]; // x, y, low, high
      for (int i = 0; i < points; i++) {
        int at = i;
        double x = LongCurvePage.mean(line, c -> along(axis, c.points().get(at)));
        drawn[0][i] = i == 0 ? x : Math.max(x, drawn[0][i - 1]);
        drawn[1][i] = LongCurvePage.mean(line, c -> c.points().get(at).score());
        drawn[2][i] =
            line.stream().mapToDouble(c -> c.points().get(at).score()).min().orElseThrow();
        drawn[3][i] =
            line.stream().mapToDouble(c -> c.points().get(at).score()).max().orElseThrow();
      }
      String name = line.get(0).subject().title();
      if (line.size() == 1) {
        plot.line(name, drawn[0], drawn[1]);
      } else {
        plot.line(name, drawn[0], drawn[1], drawn[2], drawn[3]);
      }
    }
    return plot.draw(1000, 560);
  }

  private static double along(Axis axis, LongCurve.Point point) {
    return switch (axis) {
      case IMAGES -> point.images();
      case SECONDS -> point.seconds();
      case KL -> point.kl();
    };
  }
}
