package org.tastemaker.human.annotate;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.json.JsonObject;
import org.tastemaker.feedback.annotate.AnnotatedGroup;
import org.tastemaker.feedback.annotate.ImageFolder;
import org.tastemaker.feedback.study.VotedGroup;
import org.tastemaker.feedback.votes.Answer;
import org.tastemaker.feedback.votes.RowImage;
import org.tastemaker.feedback.votes.RowVote;
import org.tastemaker.feedback.votes.VotedRow;
import org.tastemaker.human.HumanOracle;

/** A dataset of people's judgements as votes: one for each person. */
public final class AnnotatedVotes {
  private AnnotatedVotes() {}

  /**
   * The votes as rows, whose images are not read.
   *
   * @param groups as a job with a {@link HumanOracle} has written them; of other judgements, the
   *     order is one vote of whoever is named as the judge
   * @param images the folder in which the job has saved the images
   * @return a row for each group with a judgement
   */
  public static List<VotedRow> rows(List<AnnotatedGroup> groups, Path images) {
    List<VotedRow> rows = new ArrayList<>();
    for (AnnotatedGroup group : groups) {
      if (!group.judgement().isMissing()) {
        rows.add(row(group, images));
      }
    }
    return rows;
  }

  private static VotedRow row(AnnotatedGroup group, Path images) {
    List<RowImage> files =
        group.images().stream()
            .<RowImage>map(hash -> new RowImage.OnDisk(ImageFolder.file(images, hash)))
            .toList();
    Map<String, String> facts = new HashMap<>(group.prompt().metadata());
    facts.put(VotedGroup.GROUP, group.id());
    return new VotedRow(
        group.id(),
        group.prompt().text(),
        files,
        votes(group.judgement()),
        "people",
        "",
        facts,
        List.of());
  }

  private static List<RowVote> votes(Judgement judgement) {
    String recorded = judgement.provenance().get(HumanOracle.VOTES);
    if (recorded == null) {
      return List.of(
          new RowVote(judgement.judge(), RowVote.OVERALL, new Answer.Order(judgement.ranking())));
    }
    List<RowVote> votes = new ArrayList<>();
    JsonObject all = Json.parseObject("{\"votes\":" + recorded + "}", HumanOracle.VOTES);
    for (JsonObject vote : all.objects("votes")) {
      String person = vote.text("person");
      int size = judgement.ranking().size();
      boolean none = vote.text("kind").equals("NONE");
      votes.add(
          none && size == 2
              ? RowVote.pick(person, Answer.Outcome.BOTH_BAD)
              : new RowVote(
                  person,
                  RowVote.OVERALL,
                  new Answer.Order(Ranking.ofTiers(size, vote.integerLists("order")))));
    }
    return votes;
  }
}
