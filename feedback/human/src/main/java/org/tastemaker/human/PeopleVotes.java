package org.tastemaker.human;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.tastemaker.core.Ranking;
import org.tastemaker.feedback.annotate.ImageFolder;
import org.tastemaker.feedback.study.VotedGroup;
import org.tastemaker.feedback.votes.Answer;
import org.tastemaker.feedback.votes.ReadingReport;
import org.tastemaker.feedback.votes.RowImage;
import org.tastemaker.feedback.votes.RowLinesWriter;
import org.tastemaker.feedback.votes.RowVote;
import org.tastemaker.feedback.votes.VotedRow;
import org.tastemaker.human.desk.AskedQuestion;
import org.tastemaker.human.desk.Assignment;
import org.tastemaker.human.desk.DeskAnswer;
import org.tastemaker.human.desk.DeskRecords;

/**
 * What people answered, as votes: the program that asked is not needed. Each person's answer is a
 * vote; answers to checks and skipped questions are none. "None of them" is the outcome {@link
 * Answer.Outcome#BOTH_BAD} of every pair.
 *
 * <p>A row's facts say in which order each person saw the images ({@code shown.ann}), and how long
 * they took ({@code millis.ann}).
 */
public final class PeopleVotes {
  private PeopleVotes() {}

  /**
   * The votes as rows, whose images are not read.
   *
   * @param records what a desk has kept
   * @return a row for each question that somebody has answered, in the order of the questions
   */
  public static List<VotedRow> rows(DeskRecords records) {
    Map<String, List<DeskAnswer>> byQuestion = new HashMap<>();
    for (DeskAnswer answer : records.answers()) {
      if (answer.kind() != DeskAnswer.Kind.SKIP
          && answer.assignment().check() == Assignment.Check.NONE) {
        byQuestion
            .computeIfAbsent(answer.assignment().question(), id -> new ArrayList<>())
            .add(answer);
      }
    }
    List<VotedRow> rows = new ArrayList<>();
    for (AskedQuestion question : records.questions()) {
      List<DeskAnswer> answers = byQuestion.get(question.id());
      if (answers != null) {
        rows.add(row(question, answers, records.images()));
      }
    }
    return rows;
  }

  /**
   * Writes the votes as JSON Lines, which {@link org.tastemaker.feedback.votes.RowLines} reads.
   *
   * @param records what a desk has kept
   * @param file is replaced; images that are not below its folder are copied to {@code images/}
   *     beside it
   * @return what was written, and what could not be
   * @throws java.io.UncheckedIOException if it cannot be written
   */
  public static ReadingReport write(DeskRecords records, Path file) {
    RowLinesWriter writer = new RowLinesWriter(file);
    try (writer) {
      rows(records).forEach(writer::write);
    }
    return writer.report();
  }

  private static VotedRow row(AskedQuestion question, List<DeskAnswer> answers, Path images) {
    List<RowVote> votes = new ArrayList<>();
    Map<String, String> facts = new HashMap<>(question.prompt().metadata());
    facts.put(VotedGroup.GROUP, question.group());
    for (DeskAnswer answer : answers) {
      String person = answer.assignment().person();
      for (Answer said : said(answer, question.images().size())) {
        votes.add(new RowVote(person, RowVote.OVERALL, said));
      }
      facts.put(
          "shown." + person,
          answer.assignment().shown().stream()
              .map(String::valueOf)
              .collect(Collectors.joining(",")));
      facts.put("millis." + person, String.valueOf(answer.millis()));
    }
    List<RowImage> files =
        question.images().stream()
            .<RowImage>map(hash -> new RowImage.OnDisk(ImageFolder.file(images, hash)))
            .toList();
    return new VotedRow(
        question.id(), question.prompt().text(), files, votes, "people", "", facts, List.of());
  }

  private static List<Answer> said(DeskAnswer answer, int images) {
    if (answer.order().isEmpty()) {
      List<Answer> bad = new ArrayList<>();
      for (int i = 0; i < images; i++) {
        for (int j = i + 1; j < images; j++) {
          bad.add(new Answer.Pick(i, j, Answer.Outcome.BOTH_BAD));
        }
      }
      return bad;
    }
    Ranking order = answer.order().get();
    if (images != 2) {
      return List.of(new Answer.Order(order));
    }
    int difference = Integer.compare(order.rank(0).orElseThrow(), order.rank(1).orElseThrow());
    return List.of(
        new Answer.Pick(
            0,
            1,
            difference < 0
                ? Answer.Outcome.FIRST
                : difference > 0 ? Answer.Outcome.SECOND : Answer.Outcome.TIE));
  }
}
