package org.tastemaker.optim.rows;

import java.nio.ByteBuffer;
import java.nio.DoubleBuffer;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Seed;
import org.tastemaker.core.json.JsonObject;
import org.tastemaker.optim.policy.TransitionLoss.Numbers;

/**
 * Micro-batches and their gradients in JSON and payloads. Doubles are payloads, bit for bit: the
 * weight of the KL, and for each row its log-probability and advantage. Then come each row's
 * latents, x_t and x_{t-1}.
 */
final class GradientFormat {
  private static final int NUMBERS = 5;

  private GradientFormat() {}

  static Map<String, Object> write(WorkRow.Gradient row) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("model", row.model());
    json.put("adapter", row.adapter());
    json.put("settings", row.settings());
    json.put("loss", row.loss());
    json.put("capacity", row.capacity());
    json.put("rows", row.rows());
    List<Map<String, Object>> steps = new ArrayList<>();
    for (WorkRow.Transition each : row.transitions()) {
      Map<String, Object> step = new LinkedHashMap<>();
      step.put("step", each.step());
      each.seed().ifPresent(seed -> step.put("seed", seed.key()));
      step.put("prompt", each.prompt().text());
      step.put("negative", each.prompt().negativeText());
      step.put("metadata", new TreeMap<>(each.prompt().metadata()));
      steps.add(step);
    }
    json.put("steps", steps);
    MessageDigest digest = Hashes.sha256(); // for the row's identity
    payloads(row).forEach(digest::update);
    json.put("sha256", Hashes.text(digest.digest()));
    return json;
  }

  static List<byte[]> payloads(WorkRow.Gradient row) {
    List<byte[]> all = new ArrayList<>();
    ByteBuffer doubles = ByteBuffer.allocate((1 + 2 * row.transitions().size()) * Double.BYTES);
    doubles.putDouble(row.klWeight());
    for (WorkRow.Transition each : row.transitions()) {
      doubles.putDouble(each.logProbability()).putDouble(each.advantage());
    }
    all.add(doubles.array());
    for (WorkRow.Transition each : row.transitions()) {
      all.add(each.latent().bytes());
      all.add(each.next().bytes());
    }
    return all;
  }

  static WorkRow.Gradient read(RowFrame frame, WorkRow.Label label, String where) {
    JsonObject json = frame.json();
    List<JsonObject> steps = json.objects("steps");
    frame.requirePayloads(1 + 2 * steps.size(), where);
    DoubleBuffer doubles = doubles(frame.payloads().get(0), 1 + 2 * steps.size(), where);
    List<WorkRow.Transition> transitions = new ArrayList<>();
    for (int n = 0; n < steps.size(); n++) {
      JsonObject step = steps.get(n);
      transitions.add(
          new WorkRow.Transition(
              new Prompt(
                  step.text("prompt"), step.text("negative"), step.object("metadata").toTexts()),
              step.has("seed") ? Optional.of(Seed.of(step.longInteger("seed"))) : Optional.empty(),
              step.integer("step"),
              doubles.get(1 + 2 * n),
              doubles.get(2 + 2 * n),
              RowFrame.block(frame.payloads().get(1 + 2 * n), where),
              RowFrame.block(frame.payloads().get(2 + 2 * n), where)));
    }
    return new WorkRow.Gradient(
        label,
        transitions,
        json.integer("capacity"),
        json.integer("rows"),
        doubles.get(0),
        json.text("model"),
        json.text("adapter"),
        json.text("settings"),
        json.text("loss"));
  }

  static byte[] numbers(ResultRow.Gradient gradient) {
    ByteBuffer doubles = ByteBuffer.allocate(NUMBERS * gradient.rows().size() * Double.BYTES);
    for (Numbers row : gradient.rows()) {
      doubles.putDouble(row.now()).putDouble(row.old()).putDouble(row.deviation());
      doubles.putDouble(row.drift()).putDouble(row.kl());
    }
    return doubles.array();
  }

  static ResultRow.Gradient read(byte[] values, byte[] numbers, String where) {
    int count = numbers.length / (NUMBERS * Double.BYTES);
    DoubleBuffer doubles = doubles(numbers, NUMBERS * count, where);
    List<Numbers> rows = new ArrayList<>();
    for (int n = 0; n < count; n++) {
      rows.add(
          new Numbers(doubles.get(), doubles.get(), doubles.get(), doubles.get(), doubles.get()));
    }
    return new ResultRow.Gradient(RowFrame.block(values, where), rows);
  }

  private static DoubleBuffer doubles(byte[] payload, int count, String where) {
    if (payload.length != (long) count * Double.BYTES) {
      throw new RowException(
          where + ": " + payload.length + " bytes are not " + count + " doubles");
    }
    return ByteBuffer.wrap(payload).asDoubleBuffer();
  }
}
