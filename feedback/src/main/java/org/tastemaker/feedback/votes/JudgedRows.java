package org.tastemaker.feedback.votes;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.tastemaker.feedback.annotate.AnnotatedGroup;
import org.tastemaker.feedback.annotate.PreferenceDataset;

/**
 * Judgements of an annotation job as rows, so that they can be written in a shape that other
 * programs read: a judge is an annotator as people are.
 *
 * <pre>
 *   try (RowWriter out = new HpdV2TestWriter(folder.resolve("test.json"))) {
 *     JudgedRows.read(dataset, images, out::write);
 *   }
 * </pre>
 */
public final class JudgedRows {
  private static final String SOURCE = "tastemaker";

  private JudgedRows() {}

  /**
   * Reads a dataset of judgements.
   *
   * @param dataset what a job has written
   * @param images the folder in which it has saved its images
   * @param taker receives a row for each judgement that is not missing
   * @return what was read
   * @throws java.io.UncheckedIOException if it cannot be read
   */
  public static PreferenceDataset.Contents read(
      Path dataset, Path images, Consumer<VotedRow> taker) {
    return PreferenceDataset.read(dataset, group -> of(group, images).ifPresent(taker));
  }

  /**
   * A judgement as a row.
   *
   * @param group a judgement of a dataset
   * @param images the folder in which the job has saved its images
   * @return the row; empty where the judgement is missing
   */
  public static Optional<VotedRow> of(AnnotatedGroup group, Path images) {
    if (group.judgement().isMissing()) {
      return Optional.empty();
    }
    String judge = group.judgement().judge();
    List<RowVote> votes = new ArrayList<>();
    votes.add(new RowVote(judge, RowVote.OVERALL, new Answer.Order(group.judgement().ranking())));
    new TreeMap<>(group.judgement().byCriterion())
        .forEach(
            (criterion, order) ->
                votes.add(new RowVote(judge, criterion, new Answer.Order(order))));
    if (group.judgement().scores().stream().anyMatch(OptionalDouble::isPresent)) {
      votes.add(new RowVote(judge, "score", new Answer.Scores(group.judgement().scores())));
    }
    Map<String, String> facts = new LinkedHashMap<>(group.prompt().metadata());
    List<RowImage> files = new ArrayList<>();
    for (String hash : group.images()) {
      files.add(new RowImage.OnDisk(images.resolve(hash + ".png")));
    }
    return Optional.of(
        new VotedRow(
            group.id(), group.prompt().text(), files, votes, SOURCE, "", facts, List.of()));
  }
}
