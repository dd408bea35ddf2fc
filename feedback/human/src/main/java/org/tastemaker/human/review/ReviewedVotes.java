package org.tastemaker.human.review;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.tastemaker.core.Ranking;
import org.tastemaker.feedback.annotate.AnnotatedGroup;
import org.tastemaker.feedback.annotate.ImageFolder;
import org.tastemaker.feedback.study.VotedGroup;
import org.tastemaker.feedback.votes.Answer;
import org.tastemaker.feedback.votes.LoadedRow;
import org.tastemaker.feedback.votes.ReadingReport;
import org.tastemaker.feedback.votes.RowImage;
import org.tastemaker.feedback.votes.RowLinesWriter;
import org.tastemaker.feedback.votes.RowVote;
import org.tastemaker.feedback.votes.VotedRow;

/**
 * What people said in a review, as votes: whoever confirmed a verdict votes for the judge's order,
 * whoever overruled it for their own. A criterion whose order was called right has a vote too; one
 * that was called wrong has none, since no other order was given.
 *
 * <p>Rows bear the fact {@link #ANCHORED}: these people saw the verdict before they voted, and a
 * study of them says how often the judge is let stand, not how often people would have chosen the
 * same.
 */
public final class ReviewedVotes {
  /** The fact of votes that were given after a verdict was seen; its value is {@code true}. */
  public static final String ANCHORED = "anchored";

  private ReviewedVotes() {}

  /**
   * The votes as rows, whose images are not read.
   *
   * @param verdicts the judge's, as {@link ReviewDesk#verdicts} gives them
   * @param reviews what people said
   * @param images the folder in which the job has saved the images
   * @return a row for each verdict about which somebody has an opinion, in the order of the
   *     verdicts
   */
  public static List<VotedRow> rows(
      List<AnnotatedGroup> verdicts, List<Review> reviews, Path images) {
    Map<String, List<Review>> byGroup = new HashMap<>();
    for (Review review : reviews) {
      if (review.isOpinion()) {
        byGroup.computeIfAbsent(review.group(), group -> new ArrayList<>()).add(review);
      }
    }
    List<VotedRow> rows = new ArrayList<>();
    for (AnnotatedGroup verdict : verdicts) {
      List<Review> own = byGroup.get(verdict.id());
      if (own != null) {
        rows.add(row(verdict, own, images));
      }
    }
    return rows;
  }

  /**
   * The votes with their images, for studies of agreement, panels and the quality of raters.
   *
   * @param rows as above
   * @param problems is told of what cannot be read
   * @return groups whose images are read as they are drawn; each names the judge's group, so that
   *     its verdict is found although the images were rounded when they were saved
   */
  public static Iterable<VotedGroup> groups(List<VotedRow> rows, Consumer<String> problems) {
    return () -> {
      Stream<VotedGroup> groups =
          rows.stream()
              .flatMap(row -> LoadedRow.of(row, problems).stream())
              .map(LoadedRow::votedGroup);
      Iterator<VotedGroup> iterator = groups.iterator();
      return iterator;
    };
  }

  /**
   * Writes the votes as JSON Lines, which {@link org.tastemaker.feedback.votes.RowLines} reads.
   *
   * @param rows as above
   * @param file is replaced; images that are not below its folder are copied to {@code images/}
   *     beside it
   * @return what was written, and what could not be
   * @throws java.io.UncheckedIOException if it cannot be written
   */
  public static ReadingReport write(List<VotedRow> rows, Path file) {
    RowLinesWriter writer = new RowLinesWriter(file);
    try (writer) {
      rows.forEach(writer::write);
    }
    return writer.report();
  }

  private static VotedRow row(AnnotatedGroup verdict, List<Review> opinions, Path images) {
    List<RowVote> votes = new ArrayList<>();
    for (Review review : opinions) {
      Ranking order = review.order().orElseThrow();
      votes.add(new RowVote(review.person(), RowVote.OVERALL, new Answer.Order(order)));
      verdict
          .judgement()
          .byCriterion()
          .forEach(
              (name, by) -> {
                if (Boolean.TRUE.equals(review.criteria().get(name))) {
                  votes.add(new RowVote(review.person(), name, new Answer.Order(by)));
                }
              });
    }
    List<RowImage> files =
        verdict.images().stream()
            .<RowImage>map(hash -> new RowImage.OnDisk(ImageFolder.file(images, hash)))
            .toList();
    Map<String, String> facts = new HashMap<>(verdict.prompt().metadata());
    facts.put(VotedGroup.GROUP, verdict.id());
    facts.put(ANCHORED, "true");
    return new VotedRow(
        verdict.id(),
        verdict.prompt().text(),
        files,
        votes,
        "review of " + verdict.judgement().judge(),
        "",
        facts,
        List.of());
  }
}
