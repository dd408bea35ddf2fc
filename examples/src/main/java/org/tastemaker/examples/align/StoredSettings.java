package org.tastemaker.examples.align;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.tastemaker.core.json.JsonObject;
import org.tastemaker.core.run.Settings;

/** Settings in the file of a result: it is taken where they are those of now. */
public final class StoredSettings {
  /** What a record's {@code toString} gives, if its components are numbers and words. */
  private static final Pattern RECORD = Pattern.compile("\\w+\\[(\\w+=[^=,\\[\\]]*(, |(?=])))+]");

  private static final Pattern COMPONENT = Pattern.compile("(\\w+)=([^=,\\[\\]]*)");

  private StoredSettings() {}

  /**
   * The settings of a file.
   *
   * @param json texts by name, or as version 0.1 wrote them: numbers, lists, and records as texts
   * @return the settings, equal to those that they were made from
   */
  public static Settings read(JsonObject json) {
    Settings settings = Settings.none();
    for (Map.Entry<String, Object> entry : json.toValues().entrySet()) {
      String name = entry.getKey();
      if (entry.getValue() instanceof String text && RECORD.matcher(text).matches()) {
        for (Matcher part = COMPONENT.matcher(text); part.find(); ) {
          settings = settings.with(name + "." + part.group(1), part.group(2));
        }
      } else {
        settings = settings.with(name, entry.getValue());
      }
    }
    return settings;
  }

  /**
   * Checks that a result has the settings of now.
   *
   * @param file of the result
   * @param there its settings
   * @param now what they must be
   * @throws IllegalArgumentException if some differ; the message lists each with both values
   */
  public static void requireSame(Path file, Settings there, Settings now) {
    List<String> differences = now.differencesFrom(there, "there");
    if (!differences.isEmpty()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s is of other settings: %s; choose another folder with --run",
              file,
              String.join("; ", differences)));
    }
  }
}
