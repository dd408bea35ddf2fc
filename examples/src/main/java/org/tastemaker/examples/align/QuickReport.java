package org.tastemaker.examples.align;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.tastemaker.core.Image;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.page.Plot;
import org.tastemaker.core.run.AtomicFiles;
import org.tastemaker.core.run.RunFolder;
import org.tastemaker.examples.emoji.GlyphJudge;
import org.tastemaker.examples.report.AlignmentReport;
import org.tastemaker.examples.report.BeforeAfter;
import org.tastemaker.examples.report.ChangePicture;
import org.tastemaker.examples.report.Cost;
import org.tastemaker.examples.report.HtmlReport;
import org.tastemaker.examples.report.Measurement;

/**
 * Writes the report of a quick start, {@code report.html} in the run's folder, and its picture,
 * {@code before-after.png}.
 */
public final class QuickReport {
  /** Images shown per prompt. */
  private static final int SHOWN = 4;

  private final Alignment alignment;
  private final RunFolder folder;
  private final Transcript transcript;
  private final GlyphJudge judge;
  private final Map<String, ?> settings;

  /**
   * A report that is not written yet.
   *
   * @param alignment of the run
   * @param folder of the run
   * @param transcript of its judge
   * @param judge that labels the images
   * @param settings of this session, in addition to those of the folder
   */
  public QuickReport(
      Alignment alignment,
      RunFolder folder,
      Transcript transcript,
      GlyphJudge judge,
      Map<String, ?> settings) {
    this.alignment = alignment;
    this.folder = folder;
    this.transcript = transcript;
    this.judge = judge;
    this.settings = settings;
  }

  /**
   * Writes the report of a run that has ended.
   *
   * @param outcome of it
   * @param cost of its judge
   * @param measured the measurements of both models, before and after; empty to leave them out
   * @return the file
   */
  public Path write(Outcome outcome, Cost cost, List<Measurement> measured) {
    return write(
        begin(cost)
            .headline(outcome.headline())
            .change(change(outcome))
            .pictures(pictures(outcome))
            .measurements(measured));
  }

  /**
   * Writes the report of a run that was stopped, without sampling anything.
   *
   * @param why it was stopped, a sentence
   * @param cost of its judge
   * @return the file
   */
  public Path writeUnfinished(String why, Cost cost) {
    long rounds = folder.latestCheckpoint().map(RunFolder.Checkpoint::step).orElse(0L);
    AlignmentReport.Builder report =
        begin(cost)
            .caveat(
                String.format(
                    Locale.ROOT,
                    "%s %s of %s rounds are done. The same command resumes the run, and measures at the end.",
                    why,
                    rounds,
                    alignment.settings().rounds()));
    alignment
        .soFar()
        .ifPresent(
            outcome ->
                report
                    .headline(outcome.headline())
                    .change(change(outcome))
                    .pictures(pictures(outcome))
                    .caveat(
                        "The pictures and the score are of the latest evaluation, which may be a"
                            + " few rounds older than the LoRA file."));
    return write(report);
  }

  /**
   * The file of the report.
   *
   * @return the file, whether it exists or not
   */
  public Path file() {
    return folder.path().resolve("report.html");
  }

  private AlignmentReport.Builder begin(Cost cost) {
    AlignmentReport.Builder report =
        AlignmentReport.titled(
                "Aligning text to emoji: " + alignment.task().name(),
                "A latent diffusion model was aligned to a judge's rankings with "
                    + alignment.methodWords()
                    + ". Pictures and figures are of seeds that were never trained on. In the first"
                    + " picture the prompts that changed most come first.")
            .cost(cost)
            .caveat(
                "The score is the same rule that ranked the images, on other seeds: it shows that"
                    + " the model follows its judge, not that people like it better.")
            .caveat("The model draws 852 emoji of 32 x 32 pixels; no larger model was tried here.")
            .configuration(folder.config())
            .configuration(settings)
            .provenance(folder.provenance())
            .notices(
                folder.notices().stream()
                    .map(
                        notice ->
                            String.format(
                                Locale.ROOT, "Round %s: %s.", notice.step(), notice.message()))
                    .distinct()
                    .toList());
    List<RunEvent.Metrics> metrics = folder.metrics();
    plot(
        report,
        metrics,
        "Score on held-out seeds",
        "evaluation.rewardMean",
        "evaluation.rewardLow",
        "evaluation.rewardHigh");
    plot(report, metrics, "KL divergence from the base model, nats", "klToReference");
    plot(report, metrics, "Share of clipped ratios", "clipFraction");
    return report.judged(transcript.latest());
  }

  private Path write(AlignmentReport.Builder report) {
    HtmlReport.write(report.build(), file());
    return file();
  }

  /** The one picture, which is written beside the report too. What has changed most comes first. */
  private Image change(Outcome outcome) {
    List<BeforeAfter> pairs = new ArrayList<>(pictures(outcome));
    pairs.sort(Comparator.comparingDouble(pair -> -outcome.rise(pair.prompt())));
    Image change = ChangePicture.draw(pairs, SHOWN);
    AtomicFiles.write(folder.path().resolve(FolderRun.PICTURE), change.toPng());
    return change;
  }

  private List<BeforeAfter> pictures(Outcome outcome) {
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
              outcome.seeds().get(i).key(),
              before,
              after,
              judge.label(before).text(),
              judge.label(after).text()));
    }
    return pictures;
  }

  /** Draws a metric, with its interval where there is one; a single point makes no curve. */
  private static void plot(
      AlignmentReport.Builder report, List<RunEvent.Metrics> all, String title, String... names) {
    List<TreeMap<Long, Double>> byRound = new ArrayList<>();
    for (String name : names) {
      TreeMap<Long, Double> values = new TreeMap<>(); // repeated rounds count once
      for (RunEvent.Metrics metrics : all) {
        Double value = metrics.values().get(name);
        if (value != null) {
          values.put(metrics.step(), value);
        }
      }
      byRound.add(values);
    }
    Set<Long> rounds = byRound.get(0).keySet();
    if (rounds.size() < 2) {
      return;
    }
    double[] x = rounds.stream().mapToDouble(Long::doubleValue).toArray();
    List<double[]> y = new ArrayList<>();
    for (TreeMap<Long, Double> values : byRound) {
      y.add(rounds.stream().mapToDouble(r -> values.getOrDefault(r, Double.NaN)).toArray());
    }
    report.plot(
        Plot.of(
            title,
            "round",
            names.length == 3
                ? Plot.Curve.of(title, x, y.get(0), y.get(1), y.get(2))
                : Plot.Curve.of(title, x, y.get(0))));
  }
}
