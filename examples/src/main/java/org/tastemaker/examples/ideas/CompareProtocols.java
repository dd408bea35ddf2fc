package org.tastemaker.examples.ideas;

import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.nio.file.Path;
import java.util.List;
import org.tastemaker.examples.console.Failures;

/**
 * Which protocol to buy with a budget: the same judge, asked listwise, by pairs, by pairs in both
 * orders, by active pairs and pointwise, against the same votes.
 *
 * <pre>
 * ./mvnw -q -pl examples -am compile exec:java -Dexec.mainClass=org.tastemaker.examples.ideas.CompareProtocols
 * </pre>
 *
 * <p>prints a table, and writes it with a CSV file and a page with pictures. Nobody is asked for
 * real, as in {@link JudgeAgreement}: the costs are what the answers of the server on this machine
 * would have cost at the price given. Run it again, after a kill too: what was answered is not
 * asked again.
 *
 * <pre>
 * -Dexec.args="--noise 0.3 --bias 0.2 --budget 0.50 --groups 1000"
 * -Dexec.args="--help"
 * </pre>
 */
public final class CompareProtocols {
  private CompareProtocols() {}

  /**
   * Runs the comparison.
   *
   * @param args see {@code --help}
   */
  public static void main(String[] args) {
    Path folder = Path.of("runs/ideas/compare-protocols");
    Failures.exit(run(List.of(args), folder, System.out, System.err));
  }

  static int run(List<String> args, Path folder, PrintStream out, PrintStream err) {
    Charset charset = Charset.defaultCharset();
    return ProtocolsCommand.of(folder, out)
        .setOut(new PrintWriter(out, true, charset))
        .setErr(new PrintWriter(err, true, charset))
        .execute(args.toArray(String[]::new));
  }
}
