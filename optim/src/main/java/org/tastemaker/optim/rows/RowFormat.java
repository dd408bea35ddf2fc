package org.tastemaker.optim.rows;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Rubric;
import org.tastemaker.core.Seed;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.json.JsonException;
import org.tastemaker.core.json.JsonObject;
import org.tastemaker.diffusion.RolloutOptions;
import org.tastemaker.diffusion.schedule.StepWindow;

/**
 * Rows as bytes: JSON, floats bit for bit beside it, and a checksum. Equal rows have equal bytes.
 *
 * <p>What is read may be damaged, or a stranger's: it costs memory in proportion to its own size,
 * runs nothing, and is a row that has passed every check of its record, or a {@link RowException}.
 */
public final class RowFormat {
  private static final String KIND = "kind";

  private RowFormat() {}

  /**
   * The identity of a row: of what decides its result. Labels are left out.
   *
   * @param row any
   * @return a SHA-256, 64 hexadecimal digits
   */
  public static String id(WorkRow row) {
    return Hashes.of(Json.write(content(row)));
  }

  /**
   * Writes a row.
   *
   * @param row any
   * @return its bytes
   */
  public static byte[] write(WorkRow row) {
    Map<String, Object> json = content(row);
    json.put("run", row.label().run());
    json.put("round", row.label().round());
    json.put("sample", row.label().sample());
    return RowFrame.write(
        Json.write(json),
        row instanceof WorkRow.Gradient gradient
            ? GradientFormat.payloads(gradient)
            : images(row).stream().map(RowFormat::floats).toList());
  }

  /**
   * Reads a row.
   *
   * @param bytes of {@link #write(WorkRow)}, or anything
   * @return the row
   * @throws RowException if the bytes are no such row
   */
  public static WorkRow readWork(byte[] bytes) {
    String where = "work row";
    return guarded(
        where,
        () -> {
          RowFrame frame = RowFrame.read(bytes, where);
          JsonObject json = frame.json();
          if (json.text(KIND).equals("gradient")) {
            WorkRow row = GradientFormat.read(frame, label(json), where);
            requireCanonical(bytes, write(row), where);
            return row;
          }
          List<JsonObject> shapes = json.objects("images");
          frame.requirePayloads(shapes.size(), where);
          List<Image> images = new ArrayList<>();
          for (int i = 0; i < shapes.size(); i++) {
            images.add(image(shapes.get(i), frame.payloads().get(i), where));
          }
          WorkRow row = work(json, images, where);
          requireCanonical(bytes, write(row), where);
          return row;
        });
  }

  /**
   * Writes a result.
   *
   * @param row any
   * @return its bytes
   */
  public static byte[] write(ResultRow row) {
    Map<String, Object> json = new LinkedHashMap<>();
    List<byte[]> payloads = new ArrayList<>();
    json.put(KIND, "result");
    json.put("row", row.row());
    row.image()
        .ifPresent(
            image -> {
              json.put("image", shape(image));
              payloads.add(floats(image));
            });
    row.steps()
        .ifPresent(
            steps -> {
              Map<String, Object> shape = new LinkedHashMap<>();
              shape.put("channels", steps.channels());
              shape.put("height", steps.height());
              shape.put("width", steps.width());
              shape.put("timesteps", steps.timesteps());
              json.put("steps", shape);
              payloads.add(steps.latents().bytes());
              payloads.add(steps.logProbabilities().bytes());
            });
    row.judgement().ifPresent(judgement -> json.put("judgement", JudgementFormat.write(judgement)));
    json.put("scores", JudgementFormat.doubles(row.scores()));
    row.gradient()
        .ifPresent(
            gradient -> {
              json.put("gradient", gradient.rows().size());
              payloads.add(gradient.values().bytes());
              payloads.add(GradientFormat.numbers(gradient));
            });
    json.put("cost", row.cost().toPlainString());
    json.put("worker", row.delivery().worker());
    json.put("answer", row.delivery().answer());
    json.put("attempt", row.delivery().attempt());
    json.put("engine", row.delivery().engine());
    return RowFrame.write(Json.write(json), payloads);
  }

  /**
   * Reads a result.
   *
   * @param bytes of {@link #write(ResultRow)}, or anything
   * @return the result
   * @throws RowException if the bytes are no such result
   */
  public static ResultRow readResult(byte[] bytes) {
    String where = "result row";
    return guarded(
        where,
        () -> {
          RowFrame frame = RowFrame.read(bytes, where);
          JsonObject json = frame.json();
          requireKind(json, "result");
          Optional<JsonObject> image = json.optionalObject("image");
          Optional<JsonObject> steps = json.optionalObject("steps");
          boolean hasGradient = json.has("gradient");
          frame.requirePayloads(
              (image.isPresent() ? 1 : 0) + (steps.isPresent() ? 2 : 0) + (hasGradient ? 2 : 0),
              where);
          int next = image.isPresent() ? 1 : 0;
          int last = frame.payloads().size();
          ResultRow row =
              new ResultRow(
                  json.text("row"),
                  image.map(shape -> image(shape, frame.payloads().get(0), where)),
                  steps.map(
                      shape ->
                          new ResultRow.Steps(
                              shape.integer("channels"),
                              shape.integer("height"),
                              shape.integer("width"),
                              RowFrame.block(frame.payloads().get(next), where),
                              RowFrame.block(frame.payloads().get(next + 1), where),
                              shape.integers("timesteps"))),
                  json.optionalObject("judgement").map(JudgementFormat::read),
                  JudgementFormat.doubles(json, "scores"),
                  hasGradient
                      ? Optional.of(
                          GradientFormat.read(
                              frame.payloads().get(last - 2),
                              frame.payloads().get(last - 1),
                              where))
                      : Optional.empty(),
                  JudgementFormat.amount(json, "cost"),
                  new ResultRow.Delivery(
                      json.text("worker"),
                      json.longInteger("answer"),
                      json.integer("attempt"),
                      json.text("engine")));
          requireCanonical(bytes, write(row), where);
          return row;
        });
  }

  // ---- Work

  private static Map<String, Object> content(WorkRow row) {
    Map<String, Object> json = new LinkedHashMap<>();
    if (row instanceof WorkRow.Sample sample) {
      json.put(KIND, "sample");
      json.put("asked", sample.asked().name());
      json.put("seed", sample.seed().key());
      json.put("model", sample.model());
      json.put("adapter", sample.adapter());
      json.put("settings", sample.settings());
      json.put("windowFirst", sample.rollouts().stochastic().first());
      json.put("windowEnd", sample.rollouts().stochastic().end());
      sample.rollouts().sharedLatents().ifPresent(seed -> json.put("shared", seed.key()));
    } else if (row instanceof WorkRow.Judge judge) {
      json.put(KIND, "judge");
      json.put("judge", judge.judge());
      json.put("rubric", rubric(judge.rubric()));
    } else if (row instanceof WorkRow.Score score) {
      json.put(KIND, "score");
      json.put("reward", score.reward());
    } else if (row instanceof WorkRow.Gradient gradient) {
      json.put(KIND, "gradient");
      json.putAll(GradientFormat.write(gradient));
      return json;
    }
    json.put("prompt", row.prompt().text());
    json.put("negative", row.prompt().negativeText());
    json.put("metadata", new TreeMap<>(row.prompt().metadata()));
    json.put("images", images(row).stream().map(RowFormat::shape).toList());
    return json;
  }

  private static List<Image> images(WorkRow row) {
    if (row instanceof WorkRow.Judge judge) {
      return judge.group().images();
    }
    return row instanceof WorkRow.Score score ? List.of(score.image()) : List.of();
  }

  private static WorkRow.Label label(JsonObject json) {
    return new WorkRow.Label(json.text("run"), json.longInteger("round"), json.integer("sample"));
  }

  private static WorkRow work(JsonObject json, List<Image> images, String where) {
    WorkRow.Label label = label(json);
    Prompt prompt =
        new Prompt(json.text("prompt"), json.text("negative"), json.object("metadata").toTexts());
    return switch (json.text(KIND)) {
      case "sample" ->
          new WorkRow.Sample(
              label,
              prompt,
              Seed.of(json.longInteger("seed")),
              WorkRow.Asked.valueOf(json.text("asked")),
              new RolloutOptions(
                  new StepWindow(json.integer("windowFirst"), json.integer("windowEnd")),
                  json.has("shared")
                      ? Optional.of(Seed.of(json.longInteger("shared")))
                      : Optional.empty()),
              json.text("model"),
              json.text("adapter"),
              json.text("settings"));
      case "judge" ->
          new WorkRow.Judge(
              label,
              new ImageGroup(prompt, images),
              rubric(json.object("rubric")),
              json.text("judge"));
      case "score" -> {
        if (images.size() != 1) {
          throw new RowException(where + ": a reward scores one image, not " + images.size());
        }
        yield new WorkRow.Score(label, prompt, images.get(0), json.text("reward"));
      }
      default -> throw json.unexpected(KIND, "\"sample\", \"judge\" or \"score\"");
    };
  }

  private static Map<String, Object> rubric(Rubric rubric) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("name", rubric.name());
    json.put("version", rubric.version());
    json.put("instructions", rubric.instructions());
    json.put(
        "criteria",
        rubric.criteria().stream()
            .map(c -> List.of(c.name(), c.description(), c.scope().name()))
            .toList());
    return json;
  }

  private static Rubric rubric(JsonObject json) {
    List<Rubric.Criterion> criteria = new ArrayList<>();
    for (Object each : json.list("criteria")) {
      if (!(each instanceof List<?> parts)
          || parts.size() != 3
          || !(parts.get(0) instanceof String name)
          || !(parts.get(1) instanceof String description)
          || !(parts.get(2) instanceof String scope)) {
        throw json.unexpected("criteria", "lists of name, description and scope");
      }
      criteria.add(new Rubric.Criterion(name, description, Rubric.Scope.valueOf(scope)));
    }
    return new Rubric(json.text("name"), json.text("version"), json.text("instructions"), criteria);
  }

  // ---- Images

  private static Map<String, Object> shape(Image image) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("channels", image.channels());
    json.put("height", image.height());
    json.put("width", image.width());
    json.put("sha256", image.sha256());
    return json;
  }

  private static byte[] floats(Image image) {
    float[] chw = image.toFloats();
    byte[] bytes = new byte[chw.length * Float.BYTES];
    ByteBuffer.wrap(bytes).asFloatBuffer().put(chw);
    return bytes;
  }

  private static Image image(JsonObject shape, byte[] payload, String where) {
    float[] chw = new float[payload.length / Float.BYTES];
    ByteBuffer.wrap(payload).asFloatBuffer().get(chw);
    Image image =
        Image.of(shape.integer("channels"), shape.integer("height"), shape.integer("width"), chw);
    if (!image.sha256().equals(shape.text("sha256"))) {
      throw new RowException(where + ": an image is not the one of its hash");
    }
    return image;
  }

  // ---- Checks

  private static void requireKind(JsonObject json, String kind) {
    if (!json.text(KIND).equals(kind)) {
      throw json.unexpected(KIND, "\"" + kind + "\"");
    }
  }

  /** There is one way to write a row: what was written in another way is another program's. */
  private static void requireCanonical(byte[] bytes, byte[] again, String where) {
    if (!Arrays.equals(bytes, again)) {
      throw new RowException(
          where + ": it is not written as this version of the library writes it");
    }
  }

  /** What the records' own checks say becomes an exception of rows. */
  private static <T> T guarded(String where, Supplier<T> reading) {
    try {
      return reading.get();
    } catch (RowException e) {
      throw e;
    } catch (JsonException e) {
      throw new RowException(String.valueOf(e.getMessage()), e);
    } catch (IllegalArgumentException | NullPointerException | ArithmeticException e) {
      throw new RowException(where + ": " + e.getMessage(), e);
    }
  }
}
