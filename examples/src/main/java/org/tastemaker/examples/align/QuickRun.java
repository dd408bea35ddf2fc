package org.tastemaker.examples.align;

import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CancellationException;
import java.util.function.Supplier;
import org.tastemaker.core.Cancellation;
import org.tastemaker.core.NothingJudgedException;
import org.tastemaker.core.Rubric;
import org.tastemaker.core.RunListener;
import org.tastemaker.core.card.Measured;
import org.tastemaker.core.card.ModelCard;
import org.tastemaker.core.run.RunFolder;
import org.tastemaker.examples.console.ConsoleProgress;
import org.tastemaker.examples.console.Relay;
import org.tastemaker.examples.measure.Estimate;
import org.tastemaker.examples.report.Headline;
import org.tastemaker.examples.report.Measurement;
import org.tastemaker.feedback.FeedbackException;
import org.tastemaker.optim.run.RunResult;
import org.tastemaker.watch.LivePage;

/**
 * Runs or resumes a quick start, and writes its LoRA file with a card ({@code README.md}) and its
 * report, and meanwhile {@code live.html} beside it. File and report are written however the run
 * ends. After Ctrl-C, or when the budget is used up, they hold what was learned so far, and the
 * same command resumes the run.
 *
 * @param alignment to run
 * @param judge who ranks
 * @param rubric to rank by
 * @param folder of the run
 * @param transcript records what the judge says
 * @param report to be written
 * @param troubles tells what goes wrong when the judge is asked
 * @param progress shows how far the rounds are
 * @param out receives the messages
 */
public record QuickRun(
    Alignment alignment,
    RunJudge judge,
    Rubric rubric,
    RunFolder folder,
    Transcript transcript,
    QuickReport report,
    Relay troubles,
    ConsoleProgress.Factory progress,
    PrintWriter out) {
  /** The exit code of a run whose budget or quota is used up. */
  public static final int OUT_OF_MONEY = 3;

  /** The exit code of a run that has diverged. */
  public static final int DIVERGED = 1;

  /** The exit code of a run whose judge does not answer. */
  public static final int NO_JUDGE = 1;

  /** The exit code of a run that was stopped. */
  public static final int STOPPED = 130;

  /**
   * Runs.
   *
   * @param listener receives the run's events, in addition to the progress display
   * @param cancellation stops it
   * @param measured makes the measurements of the model when all rounds are done
   * @return the exit code: 0 done, {@link #DIVERGED}, {@link #NO_JUDGE}, {@link #OUT_OF_MONEY},
   *     {@link #STOPPED}
   */
  public int run(
      RunListener listener, Cancellation cancellation, Supplier<List<Measurement>> measured) {
    int rounds = alignment.settings().rounds();
    long before = rounds();
    out.println("Live:   " + live().toAbsolutePath().normalize());
    out.flush();
    try {
      RunResult result;
      try (ConsoleProgress display = progress.of("round", rounds);
          LivePage live =
              LivePage.to(
                  live(),
                  "Aligning text to emoji: " + alignment.task().name(),
                  Clock.systemUTC())) {
        live.spending(() -> judge.cost().get().money());
        troubles.to(RunListener.all(display, listener));
        result =
            alignment.run(
                transcript.around(judge.oracle()),
                rubric,
                folder,
                RunListener.all(
                    new RunWords(display, judge.cost(), folder.metrics()), display, live, listener),
                cancellation);
        if (result.reason() == RunResult.Reason.DIVERGED) {
          live.failed(result.message());
        } else {
          live.finished();
        }
      }
      if (result.reason() == RunResult.Reason.DIVERGED) {
        return unfinished(
            "The run has diverged: " + result.message() + ".",
            DIVERGED,
            before,
            ", with a lower --learning-rate");
      }
      alignment.writeLora(lora(), card());
      Outcome outcome = alignment.outcome();
      alignment.writeLora(lora(), card().withMeasured(measured(outcome.headline())));
      Path file = report.write(outcome, judge.cost().get(), measured.get());
      say(result, outcome.headline(), file);
      return 0;
    } catch (CancellationException e) {
      return unfinished("This run was stopped.", STOPPED, before, "");
    } catch (FeedbackException.BudgetExhausted | FeedbackException.QuotaExhausted e) {
      out.println(e.getMessage());
      return unfinished(
          "The budget or quota of the judge is used up.",
          OUT_OF_MONEY,
          before,
          ", with a higher --budget if one was given");
    } catch (FeedbackException | NothingJudgedException e) {
      if (rounds() == 0) {
        throw e;
      }
      out.println(e.getMessage());
      return unfinished("The judge does not answer.", NO_JUDGE, before, "");
    }
  }

  private long rounds() {
    return folder.latestCheckpoint().map(RunFolder.Checkpoint::step).orElse(0L);
  }

  /**
   * Writes the LoRA file and the report of what is done. A report of the same rounds is kept: it
   * may say more.
   */
  private int unfinished(String why, int code, long before, String resume) {
    alignment.writeLora(
        lora(),
        alignment
            .soFar()
            .map(outcome -> card().withMeasured(measured(outcome.headline())))
            .orElseGet(this::card));
    if (rounds() > before || !Files.exists(report.file())) {
      report.writeUnfinished(why, judge.cost().get());
    }
    out.printf(
        Locale.ROOT,
        "%s What was learned in %d rounds so far is in%nLoRA:   %s%nReport: %s%nThe same command resumes from here%s.%n",
        why,
        rounds(),
        lora(),
        report.file().toAbsolutePath().normalize(),
        resume);
    out.flush();
    return code;
  }

  private void say(RunResult result, Headline headline, Path file) {
    out.printf(
        Locale.ROOT,
        "%s%nScore on held-out seeds: %.3f before, %.3f after; change %s.%n%s%n",
        result.message(),
        headline.before(),
        headline.after(),
        headline.change().text(),
        headline.verdict());
    out.println("LoRA:   " + lora());
    out.println("Report: " + file.toAbsolutePath().normalize());
    out.flush();
  }

  private ModelCard card() {
    return alignment.card(
        "Text to emoji, aligned: " + alignment.task().name(),
        "the text-to-emoji model that comes with Tastemaker's examples",
        judge.name(),
        folder);
  }

  private static List<Measured> measured(Headline headline) {
    Estimate change = headline.change();
    return Double.isFinite(headline.before()) && Double.isFinite(headline.after())
        ? List.of(
            new Measured(
                "the judge's rule: " + headline.measure(),
                headline.before(),
                headline.after(),
                change.low(),
                change.high(),
                change.n()))
        : List.of();
  }

  private Path live() {
    return folder.path().resolve("live.html");
  }

  private Path lora() {
    return folder.path().resolve("emoji-lora.safetensors");
  }
}
