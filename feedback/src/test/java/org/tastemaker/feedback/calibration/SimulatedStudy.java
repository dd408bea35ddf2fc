package org.tastemaker.feedback.calibration;

import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.tastemaker.core.Seed;
import org.tastemaker.feedback.Greys;
import org.tastemaker.feedback.Judge;
import org.tastemaker.feedback.agreement.Choice;
import org.tastemaker.feedback.annotate.AnnotationJob;
import org.tastemaker.feedback.mock.MockJudge;
import org.tastemaker.feedback.protocol.JudgeOracle;
import org.tastemaker.feedback.protocol.Protocol;
import org.tastemaker.feedback.study.AgreementStudy;
import org.tastemaker.feedback.study.Vote;
import org.tastemaker.feedback.study.VotedGroup;

/** Pairs of greys, people who prefer the brighter one with noise, and a judge of known faults. */
final class SimulatedStudy {
  static final double PEOPLE = 0.2; // temperature of people's noise, in units of brightness
  static final Instant THEN = Instant.parse("2026-01-02T03:04:05Z");

  private SimulatedStudy() {}

  static List<VotedGroup> votes(int prompts, int voters) {
    return votes(Seed.of(11), prompts, voters);
  }

  static List<VotedGroup> votes(Seed seed, int prompts, int voters) {
    List<VotedGroup> groups = new ArrayList<>();
    for (int p = 0; p < prompts; p++) {
      RandomGenerator random = seed.split(p).generator();
      double a = 0.2 + 0.6 * random.nextDouble();
      double b = 0.2 + 0.6 * random.nextDouble();
      List<Vote> votes = new ArrayList<>();
      for (int v = 0; v < voters; v++) {
        boolean first = random.nextDouble() < 1 / (1 + Math.exp((b - a) / PEOPLE));
        votes.add(new Vote(first ? Choice.FIRST : Choice.SECOND, "v" + v));
      }
      groups.add(VotedGroup.ofPair(Greys.group("prompt " + p + " of " + seed.key(), a, b), votes));
    }
    return groups;
  }

  /** People without noise, who cannot tell images apart that differ by less than a threshold. */
  static List<VotedGroup> votesWithTies(int prompts, double threshold) {
    List<VotedGroup> groups = new ArrayList<>();
    for (int p = 0; p < prompts; p++) {
      RandomGenerator random = Seed.of(12).split(p).generator();
      double a = 0.2 + 0.6 * random.nextDouble();
      double b = Math.min(0.9, Math.max(0.1, a + 0.4 * (random.nextDouble() - 0.5)));
      Vote vote = Vote.of(Choice.ofScores(a, b, threshold));
      groups.add(VotedGroup.ofPair(Greys.group("prompt " + p, a, b), List.of(vote)));
    }
    return groups;
  }

  static MockJudge judge(double temperature, double positionBias, boolean soft) {
    return MockJudge.of(
        Greys::score,
        MockJudge.Options.defaults()
            .withSeed(Seed.of(3))
            .withTemperature(temperature)
            .withPositionBias(positionBias)
            .withSoftAnswers(soft));
  }

  static JudgeOracle oracle(Judge judge, Protocol protocol) {
    return JudgeOracle.builder(judge).protocol(protocol).seed(Seed.of(5)).build();
  }

  static void ask(Path dataset, JudgeOracle oracle, List<VotedGroup> votes) {
    AnnotationJob.builder(dataset, oracle, Greys.RUBRIC).build().run(AgreementStudy.groups(votes));
  }
}
