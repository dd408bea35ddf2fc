package org.tastemaker.human.improve;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.json.JsonObject;
import org.tastemaker.core.run.Settings;

/**
 * All that is needed to make an image again: the settings of the run, the point, and the clicks
 * that led there.
 *
 * @param settings of the painter and of the search
 * @param clicks those that stand, as in the log
 * @param point [d]
 */
public record Recipe(Settings settings, List<Map<String, Object>> clicks, float[] point) {
  private static final int FORMAT = 1;

  public Recipe {
    clicks = List.copyOf(clicks);
  }

  /**
   * The settings that decide which image the point has.
   *
   * @return without those of the search
   */
  public Settings painterSettings() {
    Map<String, String> painters = new TreeMap<>(settings.values());
    painters.keySet().removeIf(name -> name.startsWith("search"));
    return new Settings(painters);
  }

  /**
   * As a file.
   *
   * @return JSON; the point is base64 of little-endian float32
   */
  public String toJson() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("format", FORMAT);
    json.put("settings", settings.values());
    json.put("point", Point.text(point));
    json.put("clicks", clicks);
    return Json.writePretty(json) + "\n";
  }

  /**
   * Reads a file.
   *
   * @param text of {@link #toJson}
   * @param where it is, for messages
   * @return the recipe
   * @throws org.tastemaker.core.json.JsonException if it is something else
   */
  public static Recipe read(String text, String where) {
    JsonObject json = Json.parseObject(text, where);
    if (json.integer("format") != FORMAT) {
      throw json.unexpected("format", "the format " + FORMAT);
    }
    float[] point;
    try {
      point = Point.ofText(json.text("point"));
    } catch (IllegalArgumentException e) {
      throw json.unexpected("point", "base64");
    }
    return new Recipe(
        new Settings(json.object("settings").toTexts()),
        json.objects("clicks").stream().map(JsonObject::toValues).toList(),
        point);
  }
}
