package org.tastemaker.examples;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Cancellation;
import org.tastemaker.core.RunListener;
import org.tastemaker.examples.align.Alignment;
import org.tastemaker.examples.console.ConsoleProgress;
import org.tastemaker.examples.emoji.EmojiReport;

/**
 * The quick start in a small setting: one prompt, two images unless more are asked for, few steps,
 * and few images held out.
 */
final class QuickStarts {
  /** Of the images that are trained on and held out. */
  static final int STEPS = 4;

  final Path run;
  final Cancellation cancellation = new Cancellation();
  RunListener listener = RunListener.none();
  Optional<UnaryOperator<@Nullable String>> asking = Optional.empty();
  int images = 2;
  String said = "";

  QuickStarts(Path run) {
    this.run = run;
  }

  /** Runs without the long measurements. */
  int run(String... more) {
    List<String> args = new ArrayList<>(List.of(more));
    args.add("--no-measure");
    return measuring(args.toArray(String[]::new));
  }

  int measuring(String... more) {
    List<String> args =
        new ArrayList<>(
            List.of(
                "--run",
                run.toString(),
                "--prompt",
                "green heart",
                "--images",
                Integer.toString(images)));
    args.addAll(List.of(more));
    return plain(args.toArray(String[]::new));
  }

  int plain(String... args) {
    StringWriter out = new StringWriter();
    QuickStart.Setup setup =
        new QuickStart.Setup(
            cancellation,
            listener,
            new EmojiReport.Counts(1, 1, 1, 2),
            2,
            Alignment.Settings.defaults().withHeldOutPerPrompt(4).withDenoisingSteps(STEPS),
            asking,
            ConsoleProgress::of,
            Optional.of(new PrintWriter(out, true)));
    int code = QuickStart.run(setup, args);
    said = out.toString();
    return code;
  }
}
