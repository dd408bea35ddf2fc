package org.tastemaker.examples;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.text.DecimalFormat;
import java.text.DecimalFormatSymbols;
import java.text.NumberFormat;
import java.time.format.DateTimeFormatter;
import java.util.Formatter;
import java.util.List;
import java.util.Locale;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

class DefaultLocaleRuleTest {
  /** Every call that the rule must find. */
  @SuppressWarnings({"StringCaseLocaleUsage", "AnnotateFormatMethod"})
  static final class Breaches {
    private Breaches() {}

    static List<Object> all(PrintStream out) {
      UnaryOperator<String> reference = String::toUpperCase;
      return List.of(
          reference,
          "%d".formatted(1),
          String.format("%d", 1),
          "I".toLowerCase(),
          out.printf("%d", 1),
          out.format("%d", 1),
          new Formatter(),
          new DecimalFormat("0.0"),
          NumberFormat.getInstance(),
          DateTimeFormatter.ofPattern("yyyy"));
    }
  }

  /** What it must let pass. */
  static final class Allowed {
    private Allowed() {}

    static List<Object> all(PrintStream out) {
      return List.of(
          String.format(Locale.ROOT, "%d", 1),
          "I".toLowerCase(Locale.ROOT),
          out.printf(Locale.ROOT, "%d", 1),
          new Formatter(Locale.ROOT),
          new DecimalFormat("0.0", DecimalFormatSymbols.getInstance(Locale.ROOT)),
          NumberFormat.getInstance(Locale.ROOT),
          DateTimeFormatter.ofPattern("yyyy", Locale.ROOT),
          "a".concat("b"));
    }
  }

  @Test
  void everyBreachIsFoundAndNothingElse() {
    PrintStream out = new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8);
    assertThat(breaches(Breaches.class)).hasSameSizeAs(Breaches.all(out));
    assertThat(breaches(Allowed.class)).isEmpty();
    assertThat(Allowed.all(out)).isNotEmpty();
  }

  private static List<String> breaches(Class<?> type) {
    return DefaultLocaleRule.rule()
        .evaluate(new ClassFileImporter().importClasses(type))
        .getFailureReport()
        .getDetails();
  }
}
