package org.tastemaker.examples.align;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.tastemaker.core.FeedbackOracle;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.run.RunFolder;
import org.tastemaker.examples.emoji.GlyphJudge;
import org.tastemaker.examples.report.AlignmentReport;
import org.tastemaker.examples.report.BeforeAfter;
import org.tastemaker.examples.report.Cost;
import org.tastemaker.examples.report.HtmlReport;
import org.tastemaker.examples.report.JudgedGroup;
import org.tastemaker.examples.report.Measurement;
import org.tastemaker.examples.report.Plot;

/** Writes the report of a quick start. */
public final class QuickReport {
  /** Images of a prompt, and judged groups, that are shown. */
  private static final int SHOWN = 4;

  private QuickReport() {}

  /** What a judge was shown last and what it said. */
  public static final class Transcript {
    private List<ImageGroup> groups = List.of();
    private List<Judgement> judgements = List.of();

    /** Nothing was asked yet. */
    public Transcript() {}

    /**
     * An oracle whose latest questions and answers are kept here.
     *
     * @param oracle is asked
     * @return answers the same
     */
    public FeedbackOracle around(FeedbackOracle oracle) {
      return (asked, rubric) -> {
        List<Judgement> answers = oracle.rank(asked, rubric);
        groups = List.copyOf(asked);
        judgements = List.copyOf(answers);
        return answers;
      };
    }

    /**
     * The latest questions.
     *
     * @return as many as judgements
     */
    public List<ImageGroup> groups() {
      return groups;
    }

    /**
     * The latest answers.
     *
     * @return as many as groups
     */
    public List<Judgement> judgements() {
      return judgements;
    }
  }

  /**
   * Writes {@code report.html} into a run's folder.
   *
   * @param alignment that was run
   * @param outcome of it
   * @param folder of the run
   * @param transcript of its judge
   * @param cost of its judge
   * @param judge that labels the images
   * @param measured the measurements of both models, before and after; empty to leave them out
   * @return the file
   */
  public static Path write(
      Alignment alignment,
      Alignment.Outcome outcome,
      RunFolder folder,
      Transcript transcript,
      Cost cost,
      GlyphJudge judge,
      List<Measurement> measured) {
    AlignmentReport.Builder report =
        AlignmentReport.titled(
                "Aligning text to emoji: " + alignment.task().name(),
                "A latent diffusion model was aligned to a judge's rankings with DDPO on LoRA"
                    + " weights. The pictures and figures below are of seeds that were never"
                    + " trained on; those on the left are of the model before.")
            .headline(outcome.headline())
            .pictures(pictures(alignment, outcome, judge))
            .measurements(measured)
            .cost(cost)
            .caveat(
                "The score is the same rule that ranked the images, on other seeds: it shows that"
                    + " the model follows its judge, not that people like it better.")
            .caveat(
                "The model draws 852 emoji of 32 x 32 pixels; larger models were not tried here.")
            .configuration(folder.config())
            .provenance(folder.provenance());
    List<RunEvent.Metrics> metrics = folder.metrics();
    plot(report, metrics, "Score on held-out seeds", "evaluation.rewardMean");
    plot(report, metrics, "Divergence from the base model, nats", "klToReference");
    plot(report, metrics, "Share of clipped ratios", "clipFraction");
    List<JudgedGroup> judged = new ArrayList<>();
    for (int i = 0; i < Math.min(SHOWN, transcript.groups().size()); i++) {
      judged.add(JudgedGroup.of(transcript.groups().get(i), transcript.judgements().get(i)));
    }
    report.judged(judged);
    Path file = folder.path().resolve("report.html");
    HtmlReport.write(report.build(), file);
    return file;
  }

  private static List<BeforeAfter> pictures(
      Alignment alignment, Alignment.Outcome outcome, GlyphJudge judge) {
    List<BeforeAfter> pictures = new ArrayList<>();
    for (int i = 0; i < outcome.imagesAfter().size(); i++) {
      if (i % alignment.settings().heldOutPerPrompt() >= SHOWN) {
        continue;
      }
      Image before = outcome.imagesBefore().get(i);
      Image after = outcome.imagesAfter().get(i);
      pictures.add(
          new BeforeAfter(
              alignment.heldOut().get(i).text(),
              i % alignment.settings().heldOutPerPrompt() + 1,
              before,
              after,
              judge.label(before).text(),
              judge.label(after).text()));
    }
    return pictures;
  }

  private static void plot(
      AlignmentReport.Builder report, List<RunEvent.Metrics> all, String title, String metric) {
    Map<Long, Double> byRound = new TreeMap<>(); // rounds done again after a crash count once
    for (RunEvent.Metrics metrics : all) {
      Double value = metrics.values().get(metric);
      if (value != null) {
        byRound.put(metrics.step(), value);
      }
    }
    if (byRound.size() > 1) {
      report.plot(
          Plot.of(
              title,
              "round",
              Plot.Curve.of(
                  title,
                  byRound.keySet().stream().mapToDouble(Long::doubleValue).toArray(),
                  byRound.values().stream().mapToDouble(Double::doubleValue).toArray())));
    }
  }
}
