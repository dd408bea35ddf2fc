package org.tastemaker.examples.ideas;

import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.nio.file.Path;
import java.util.List;
import org.tastemaker.examples.console.Failures;

/**
 * Does a judge stand in for people? Its answers against their votes, with intervals.
 *
 * <pre>
 * ./mvnw -q -pl examples -am compile exec:java -Dexec.mainClass=org.tastemaker.examples.ideas.JudgeAgreement
 * </pre>
 *
 * <p>prints a table and writes it, with a CSV file and a page with pictures. Nobody is asked for
 * real: images are the bundled model's, votes are simulated by a score of the glyphs with noise,
 * and a server on this machine plays ChatGPT, with a noise and a liking for the image shown first
 * that the table should find. Run it again, after a kill too: what was answered is not asked again.
 *
 * <pre>
 * -Dexec.args="--noise 0.5 --bias 0.3"
 * -Dexec.args="--calibrate"
 * -Dexec.args="--help"
 * </pre>
 *
 * <p>For real: read votes of people into {@link org.tastemaker.feedback.study.VotedGroup}s, and
 * drop the server, {@code baseUrl} and {@code withoutApiKey}; the key comes from {@code
 * OPENAI_API_KEY}, and every answer costs money.
 */
public final class JudgeAgreement {
  private JudgeAgreement() {}

  /**
   * Runs the study.
   *
   * @param args see {@code --help}
   */
  public static void main(String[] args) {
    Path folder = Path.of("runs/ideas/judge-agreement");
    Failures.exit(run(List.of(args), folder, System.out, System.err));
  }

  static int run(List<String> args, Path folder, PrintStream out, PrintStream err) {
    Charset charset = Charset.defaultCharset();
    return AgreementCommand.of(folder, out)
        .setOut(new PrintWriter(out, true, charset))
        .setErr(new PrintWriter(err, true, charset))
        .execute(args.toArray(String[]::new));
  }
}
