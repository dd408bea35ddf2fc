package org.tastemaker.examples.methods;

import java.util.List;
import org.tastemaker.core.Prompt;
import org.tastemaker.examples.align.EmojiTask;
import picocli.CommandLine.Option;

/** The options of a command that trains by a {@link Protocol}. */
final class ProtocolOptions {
  @Option(names = "--rounds", description = "Rounds of a training (default: ${DEFAULT-VALUE}).")
  private int rounds;

  @Option(
      names = "--images",
      description = "Images per prompt and round (default: ${DEFAULT-VALUE}).")
  private int images = 8;

  @Option(
      names = "--held-out",
      description = "Measured images per prompt (default: ${DEFAULT-VALUE}).")
  private int heldOut;

  @Option(
      names = "--guidance",
      description =
          "Guidance scale, in sampling and training; 1 for none (default: ${DEFAULT-VALUE}).")
  private double guidance;

  @Option(
      names = "--prompt",
      description =
          "Emoji to train on, by name; may be given several times (default: eight of them).")
  private List<String> prompts = EmojiTask.quickPrompts();

  /** The command's own defaults. */
  ProtocolOptions(int rounds, int heldOut, double guidance) {
    this.rounds = rounds;
    this.heldOut = heldOut;
    this.guidance = guidance;
  }

  List<String> prompts() {
    return prompts;
  }

  /** The protocol for the prompts as they are given. */
  Protocol protocol() {
    return protocol(prompts.stream().map(Prompt::of).toList());
  }

  Protocol protocol(List<Prompt> asPrompts) {
    return new Protocol(asPrompts, rounds, images, heldOut, guidance);
  }
}
