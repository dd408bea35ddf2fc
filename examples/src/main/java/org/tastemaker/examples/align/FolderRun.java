package org.tastemaker.examples.align;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CancellationException;
import org.tastemaker.core.Cancellation;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGenerator;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Rubric;
import org.tastemaker.core.RunListener;
import org.tastemaker.core.Seed;
import org.tastemaker.core.card.ModelCard;
import org.tastemaker.core.picture.ImageGrid;
import org.tastemaker.core.run.AtomicFiles;
import org.tastemaker.core.run.RunFolder;
import org.tastemaker.examples.console.ConsoleProgress;
import org.tastemaker.feedback.FeedbackException;
import org.tastemaker.optim.run.RunResult;
import org.tastemaker.watch.LivePage;

/**
 * Runs or resumes the alignment of a model of one's own. However it ends, the folder has what was
 * learned so far, {@code lora.safetensors}, and the page {@code live.html}; at the end also {@code
 * before-after.png}.
 *
 * @param alignment to run
 * @param judge who ranks
 * @param rubric to rank by
 * @param folder of the run
 * @param progress shows how far the rounds are
 * @param out receives the messages
 */
public record FolderRun(
    Alignment alignment,
    RunJudge judge,
    Rubric rubric,
    RunFolder folder,
    ConsoleProgress.Factory progress,
    PrintWriter out) {
  /** The file of what was learned, in the run's folder. */
  public static final String LORA = "lora.safetensors";

  /** The file of images before and after, in the run's folder. */
  public static final String PICTURE = "before-after.png";

  /**
   * Runs.
   *
   * @param listener receives the run's events, in addition to the progress display
   * @param cancellation stops it
   * @return the exit code, one of {@link QuickRun}'s
   */
  public int run(RunListener listener, Cancellation cancellation) {
    int rounds = alignment.settings().rounds();
    try (ConsoleProgress display = progress.of("round", rounds);
        LivePage live =
            LivePage.to(file("live.html"), "Aligning to " + judge.name(), Clock.systemUTC())) {
      live.spending(() -> judge.cost().get().money());
      RunResult result =
          alignment.run(
              Transcript.of(folder.path()).around(judge.oracle()),
              rubric,
              folder,
              RunListener.all(
                  new RunWords(display, judge.cost(), folder.metrics()), display, live, listener),
              cancellation);
      alignment.writeLora(file(LORA), card());
      if (result.reason() == RunResult.Reason.DIVERGED) {
        live.failed(result.message());
        say("The run has diverged: " + result.message() + "; resume with a lower --learning-rate");
        return QuickRun.DIVERGED;
      }
      live.finished();
      draw();
      say(result.message());
      return 0;
    } catch (CancellationException e) {
      return unfinished("This run was stopped", QuickRun.STOPPED);
    } catch (FeedbackException.BudgetExhausted | FeedbackException.QuotaExhausted e) {
      return unfinished(String.valueOf(e.getMessage()), QuickRun.OUT_OF_MONEY);
    }
  }

  private int unfinished(String why, int code) {
    alignment.writeLora(file(LORA), card());
    say(why + "; the same command resumes it");
    return code;
  }

  private void say(String words) {
    out.printf(Locale.ROOT, "%s.%nLoRA:   %s%n", words, file(LORA));
    out.flush();
  }

  /** The model's name may be a path, which no card shows. */
  private ModelCard card() {
    String name = alignment.task().name();
    boolean shown = ModelCard.mayShow(name);
    return alignment.card(
        shown ? name + ", aligned" : "An aligned model",
        shown ? name : "a model of diffusers' layout",
        judge.name(),
        folder);
  }

  /** The held-out images of both models, one above the other. */
  private void draw() {
    List<Prompt> prompts = alignment.task().prompts();
    Seed seed = Seed.of(alignment.settings().seed()).split("picture");
    List<Image> images = new ArrayList<>(images(alignment.policy().reference(), prompts, seed));
    images.addAll(images(alignment.policy().sampler(), prompts, seed));
    AtomicFiles.write(file(PICTURE), ImageGrid.of(images).columns(prompts.size()).draw().toPng());
  }

  private static List<Image> images(ImageGenerator model, List<Prompt> prompts, Seed seed) {
    return model.generate(prompts, seed);
  }

  private Path file(String name) {
    return folder.path().resolve(name);
  }
}
