package org.tastemaker.examples.cli;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Cancellation;
import org.tastemaker.core.RunListener;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.json.JsonObject;
import org.tastemaker.examples.QuickStart;
import org.tastemaker.examples.align.Alignment;
import org.tastemaker.examples.console.ConsoleProgress;
import org.tastemaker.examples.emoji.EmojiReport;
import org.tastemaker.examples.people.Serving;

/** Runs commands in this process, in a small setting. */
final class Commands {
  final Cancellation cancellation = new Cancellation();
  Optional<UnaryOperator<@Nullable String>> asking = Optional.empty();
  Serving serving = server -> {};

  /** What a command did. */
  record Done(int code, String out, String err) {
    JsonObject json() {
      return Json.parseObject(out, "standard output");
    }
  }

  Surroundings around() {
    QuickStart.Setup setup =
        new QuickStart.Setup(
            cancellation,
            RunListener.none(),
            new EmojiReport.Counts(1, 1, 1, 2),
            2,
            Alignment.Settings.defaults().withHeldOutPerPrompt(1).withDenoisingSteps(2),
            asking,
            ConsoleProgress::of,
            Optional.empty());
    return new Surroundings(setup, serving);
  }

  Done run(Object... args) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    String[] texts = new String[args.length];
    for (int i = 0; i < args.length; i++) {
      texts[i] = args[i].toString();
    }
    int code =
        Tastemaker.command(around())
            .setOut(new PrintWriter(out, true))
            .setErr(new PrintWriter(err, true))
            .execute(texts);
    return new Done(code, out.toString(), err.toString());
  }
}
