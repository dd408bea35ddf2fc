package org.tastemaker.examples.ideas;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.StringJoiner;
import java.util.random.RandomGenerator;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.examples.emoji.BundledModel;
import org.tastemaker.examples.emoji.EmojiPrompts;
import org.tastemaker.examples.emoji.GlyphJudge;
import org.tastemaker.examples.report.JudgedGroup;
import org.tastemaker.feedback.Judge;
import org.tastemaker.feedback.Verdict;
import org.tastemaker.feedback.agreement.Choice;
import org.tastemaker.feedback.mock.MockJudge;
import org.tastemaker.feedback.study.Vote;
import org.tastemaker.feedback.study.VotedGroup;
import org.tastemaker.feedback.study.VotedPair;

/** Simulated people and a simulated judge, about images of the bundled model. */
final class SimulatedVotes {
  /** What a reader of a page about them must know. */
  static final String NOTE =
      "Nobody was asked: the votes are those of simulated people, and a server on this machine"
          + " plays the judge. Both see the same score of the glyphs, each with a noise of its own.";

  private static final double PEOPLES_NOISE = 0.1;
  private static final double PEOPLES_TIE = 0.05;

  private static final double STRETCH = 4 / 1.5;

  private SimulatedVotes() {}

  /**
   * A judge that sees the score with faults, and says which glyph each image is like.
   *
   * @param faults in units of the score
   */
  static Judge judge(MockJudge.Options faults) {
    GlyphJudge glyphs = BundledModel.judge();
    MockJudge judge =
        MockJudge.of(
            (image, prompt) ->
                stretched(glyphs.score(image.resized(32, 32), EmojiPrompts.answers(prompt.text()))),
            faults
                .withTemperature(STRETCH * faults.temperature())
                .withPositionBias(STRETCH * faults.positionBias()));
    return question -> {
      Verdict verdict = judge.ask(question);
      StringJoiner reasons = new StringJoiner("; ", "Nearest glyphs: ", ".");
      int position = 0;
      for (Image image : question.images()) {
        GlyphJudge.Label label = glyphs.label(image.resized(32, 32));
        reasons.add(JudgedGroup.letter(position++) + " " + label.glyph().label());
      }
      return new Verdict(
          verdict.overall(),
          verdict.byCriterion(),
          reasons.toString(),
          verdict.usage(),
          verdict.model(),
          verdict.cached());
    };
  }

  /** The score, in (-0.5, 1), on a scale from 1 to 5, so that the judge can give numbers too. */
  private static double stretched(double score) {
    return 1 + STRETCH * (score + 0.5);
  }

  /** Two good images and a hasty one for each prompt, with the votes of simulated people. */
  static List<VotedGroup> of(int prompts, int voters) {
    if (prompts < 2 || prompts > EmojiPrompts.CONSISTENCY.size() || voters < 1) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "there must be 2 to %d prompts and at least 1 voter, but were %d and %d",
              EmojiPrompts.CONSISTENCY.size(),
              prompts,
              voters));
    }
    GlyphJudge glyphs = BundledModel.judge();
    List<Prompt> asked =
        EmojiPrompts.CONSISTENCY.subList(0, prompts).stream().map(Prompt::of).toList();
    List<List<Image>> images = new ArrayList<>();
    try (LatentDiffusion model = BundledModel.load()) {
      images.add(model.generate(asked, Seed.of(1)));
      images.add(model.generate(asked, Seed.of(2)));
      images.add(
          model
              .with(BundledModel.sampling().withSteps(7).withGuidanceScale(1))
              .generate(asked, Seed.of(3)));
    }
    List<VotedGroup> groups = new ArrayList<>();
    for (int p = 0; p < prompts; p++) {
      int prompt = p;
      List<Image> own = images.stream().map(all -> all.get(prompt)).toList();
      double[] scores =
          own.stream()
              .mapToDouble(
                  image -> glyphs.score(image, EmojiPrompts.answers(asked.get(prompt).text())))
              .toArray();
      List<VotedPair> pairs = new ArrayList<>();
      for (int i = 0; i < scores.length; i++) {
        for (int j = i + 1; j < scores.length; j++) {
          pairs.add(
              new VotedPair(i, j, VotedPair.OVERALL, vote(voters, p, i, j, scores[i] - scores[j])));
        }
      }
      groups.add(
          new VotedGroup(new ImageGroup(asked.get(p), own), pairs, Map.of(), List.of())
              .withImageFact("sampling", List.of("careful", "careful", "hasty")));
    }
    return groups;
  }

  /** Each sees the difference of the scores with a noise of its own. */
  private static List<Vote> vote(int voters, int prompt, int first, int second, double difference) {
    List<Vote> votes = new ArrayList<>();
    for (int voter = 0; voter < voters; voter++) {
      RandomGenerator random =
          Seed.of(5).split(prompt).split(first * 3L + second).split(voter).generator();
      double seen = difference + PEOPLES_NOISE * random.nextGaussian();
      votes.add(new Vote(Choice.ofScores(seen, 0, PEOPLES_TIE), "simulated " + voter));
    }
    return votes;
  }
}
