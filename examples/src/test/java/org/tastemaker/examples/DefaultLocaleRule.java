package org.tastemaker.examples;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaCodeUnitAccess;
import com.tngtech.archunit.lang.ArchRule;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.text.DateFormat;
import java.text.DecimalFormat;
import java.text.MessageFormat;
import java.text.NumberFormat;
import java.text.SimpleDateFormat;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.util.Formatter;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Nothing is written in the default locale: what one machine stores another must read, and compare,
 * whatever their languages are.
 */
final class DefaultLocaleRule {
  /** Methods and constructors that ask the default locale, unless they are given one. */
  private static final Map<Class<?>, String> WITHOUT_LOCALE =
      Map.of(
          String.class, "format|formatted|toLowerCase|toUpperCase",
          PrintStream.class, "printf|format",
          PrintWriter.class, "printf|format",
          Formatter.class, "<init>",
          DecimalFormat.class, "<init>",
          SimpleDateFormat.class, "<init>",
          MessageFormat.class, "<init>|format",
          NumberFormat.class, "get.*Instance",
          DateFormat.class, "get.*Instance",
          DateTimeFormatter.class, "ofPattern");

  private DefaultLocaleRule() {}

  static ArchRule rule() {
    return noClasses()
        .should()
        .accessTargetWhere(
            DescribedPredicate.describe(
                "writes in the default locale: give it Locale.ROOT",
                DefaultLocaleRule::asksTheDefaultLocale));
  }

  private static boolean asksTheDefaultLocale(JavaAccess<?> access) {
    if (!(access instanceof JavaCodeUnitAccess<?> call)) {
      return false;
    }
    List<JavaClass> parameters = call.getTarget().getRawParameterTypes();
    boolean hasLocale =
        parameters.stream()
            .anyMatch(type -> type.isEquivalentTo(Locale.class) || symbolsOfOne(type));
    return !hasLocale
        && (WITHOUT_LOCALE.entrySet().stream()
                .anyMatch(
                    entry ->
                        access.getTargetOwner().isEquivalentTo(entry.getKey())
                            && access.getName().matches(entry.getValue()))
            || (access.getTargetOwner().isEquivalentTo(DateTimeFormatterBuilder.class)
                && access.getName().equals("toFormatter")));
  }

  /** DecimalFormatSymbols and DateFormatSymbols. */
  private static boolean symbolsOfOne(JavaClass type) {
    return type.getName().startsWith("java.text.") && type.getName().endsWith("FormatSymbols");
  }
}
