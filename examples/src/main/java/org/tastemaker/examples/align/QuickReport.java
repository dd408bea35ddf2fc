package org.tastemaker.examples.align;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.tastemaker.core.FeedbackOracle;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.picture.ImageGrid;
import org.tastemaker.core.run.AtomicFiles;
import org.tastemaker.core.run.RunFolder;

/** Writes the report of a quick start. */
public final class QuickReport {
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

  public static Path write(
      Path run,
      EmojiTask task,
      Alignment.Settings settings,
      Alignment alignment,
      Alignment.Outcome outcome,
      RunFolder folder,
      Transcript transcript,
      String cost) {
    List<String> captions = new ArrayList<>();
    alignment.heldOut().forEach(p -> captions.add(p.text()));
    AtomicFiles.write(
        run.resolve("before.png"),
        ImageGrid.of(outcome.imagesBefore()).captions(captions).columns(8).draw().toPng());
    AtomicFiles.write(
        run.resolve("after.png"),
        ImageGrid.of(outcome.imagesAfter()).captions(captions).columns(8).draw().toPng());
    return run.resolve("after.png");
  }
}
