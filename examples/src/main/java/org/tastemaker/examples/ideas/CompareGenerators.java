package org.tastemaker.examples.ideas;

import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.util.List;
import org.tastemaker.examples.console.Failures;
import org.tastemaker.examples.generators.CompareCommand;

/**
 * A local model before and after its alignment beside an image API: all draw the same prompts, as
 * they are and rewritten, and a judge that does not know which image is whose says which is better.
 *
 * <pre>
 * ./mvnw -q -pl examples -am compile exec:java -Dexec.mainClass=org.tastemaker.examples.ideas.CompareGenerators
 * </pre>
 *
 * <p>prints win rates of each against each, scores, and the effect of rewriting, with 95 %
 * intervals over prompts, and draws the images. The image API and the rewriter are a server on this
 * machine with the API of OpenAI: behind it is the bundled model with a third of the steps and no
 * guidance, so that the local one should win. Run it again, after a kill too: no image is made, no
 * prompt rewritten and no pair judged a second time.
 *
 * <p>For real, and for money, with the key in {@code OPENAI_API_KEY}; the cost is said and asked
 * for beforehand:
 *
 * <pre>
 * -Dexec.args="--image-model gpt-image-1 --image-price 0.011 --judge chatgpt --price 0.40,1.60 --run runs/real"
 * -Dexec.args="--help"
 * </pre>
 */
public final class CompareGenerators {
  private CompareGenerators() {}

  /**
   * Runs the study.
   *
   * @param args see {@code --help}
   */
  public static void main(String[] args) {
    Charset charset = Charset.defaultCharset();
    Failures.exit(
        CompareCommand.run(
            List.of(args),
            new PrintWriter(System.out, true, charset),
            new PrintWriter(System.err, true, charset)));
  }
}
