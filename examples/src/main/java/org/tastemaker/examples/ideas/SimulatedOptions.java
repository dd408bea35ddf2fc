package org.tastemaker.examples.ideas;

import java.util.List;
import java.util.Locale;
import org.tastemaker.core.Seed;
import org.tastemaker.feedback.Judge;
import org.tastemaker.feedback.mock.MockJudge;
import org.tastemaker.feedback.study.VotedGroup;
import picocli.CommandLine.Option;

/** The options of commands that play people and a judge. */
final class SimulatedOptions {
  @Option(
      names = "--prompts",
      paramLabel = "N",
      defaultValue = "12",
      description = "How many prompts, with three images each (default: ${DEFAULT-VALUE}).")
  private int prompts;

  @Option(
      names = "--voters",
      paramLabel = "N",
      defaultValue = "5",
      description = "How many simulated people vote about each pair (default: ${DEFAULT-VALUE}).")
  private int voters;

  @Option(
      names = "--noise",
      paramLabel = "X",
      defaultValue = "0.1",
      description = "The judge's noise, in units of the score (default: ${DEFAULT-VALUE}).")
  private double noise;

  @Option(
      names = "--bias",
      paramLabel = "X",
      defaultValue = "0.1",
      description =
          "The judge's liking for the image shown first, in the same units (default:"
              + " ${DEFAULT-VALUE}).")
  private double bias;

  /** The people's votes. */
  List<VotedGroup> votes() {
    return SimulatedVotes.of(prompts, voters);
  }

  /** The judge. */
  Judge judge() {
    return SimulatedVotes.judge(
        MockJudge.Options.defaults()
            .withSeed(Seed.of(7))
            .withTemperature(noise)
            .withPositionBias(bias));
  }

  /** The judge's faults, for the names of files. */
  String name() {
    return String.format(Locale.ROOT, "noise-%s-bias-%s", noise, bias);
  }

  /** Says that nothing here is real. */
  String words() {
    return "simulated: " + voters + " voters a pair, and a judge on this machine";
  }
}
