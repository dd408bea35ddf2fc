package org.tastemaker.examples.align;

import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CancellationException;
import java.util.function.Supplier;
import org.tastemaker.core.Cancellation;
import org.tastemaker.core.Rubric;
import org.tastemaker.core.RunListener;
import org.tastemaker.core.run.RunFolder;
import org.tastemaker.examples.console.ConsoleProgress;
import org.tastemaker.examples.report.Headline;
import org.tastemaker.examples.report.Measurement;
import org.tastemaker.feedback.FeedbackException;
import org.tastemaker.optim.run.AlignmentRun;

/**
 * A quick start from its first round, or from where it was left, to LoRA file and report. However
 * it ends, both are there: after Ctrl-C, and where the money is used up, with what was learnt so
 * far, and the same command resumes the run.
 *
 * @param alignment what is run
 * @param judge who ranks
 * @param rubric by what
 * @param folder of the run
 * @param transcript keeps what the judge says
 * @param report to be written
 * @param out is told what happens
 */
public record QuickRun(
    Alignment alignment,
    RunJudge judge,
    Rubric rubric,
    RunFolder folder,
    Transcript transcript,
    QuickReport report,
    PrintWriter out) {
  /** The exit code of a run whose judge may spend no more. */
  public static final int OUT_OF_MONEY = 3;

  /** The exit code of a run that was stopped. */
  public static final int STOPPED = 130;

  /**
   * Runs.
   *
   * @param listener hears the run, beside the progress display
   * @param cancellation stops it
   * @param measured the measurements of the model as it is then, made when all rounds are done
   * @return the exit code: 0 done, {@link #OUT_OF_MONEY}, {@link #STOPPED}
   */
  public int run(
      RunListener listener, Cancellation cancellation, Supplier<List<Measurement>> measured) {
    int rounds = alignment.settings().rounds();
    long before = rounds();
    try {
      AlignmentRun.Result result;
      try (ConsoleProgress progress = ConsoleProgress.of("round", rounds)) {
        result =
            alignment.run(
                transcript.around(judge.oracle()),
                rubric,
                folder,
                RunListener.all(
                    new RunWords(progress, judge.cost(), folder.metrics()), progress, listener),
                cancellation);
      }
      alignment.writeLora(lora());
      Outcome outcome = alignment.outcome();
      Path file = report.write(outcome, judge.cost().get(), measured.get());
      say(result, outcome.headline(), file);
      return 0;
    } catch (CancellationException e) {
      return unfinished("This run was stopped.", STOPPED, before);
    } catch (FeedbackException.BudgetExhausted | FeedbackException.QuotaExhausted e) {
      out.println(e.getMessage());
      return unfinished("The judge may spend no more.", OUT_OF_MONEY, before);
    }
  }

  private long rounds() {
    return folder.latestCheckpoint().map(RunFolder.Checkpoint::step).orElse(0L);
  }

  /** Leaves what there is. A report of the same rounds is left alone: it may say more. */
  private int unfinished(String why, int code, long before) {
    alignment.writeLora(lora());
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
        code == OUT_OF_MONEY ? ", with a higher --budget where one was given" : "");
    out.flush();
    return code;
  }

  private void say(AlignmentRun.Result result, Headline headline, Path file) {
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

  private Path lora() {
    return folder.path().resolve("emoji-lora.safetensors");
  }
}
