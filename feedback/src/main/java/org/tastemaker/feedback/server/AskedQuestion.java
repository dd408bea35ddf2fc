package org.tastemaker.feedback.server;

import com.squareup.moshi.JsonDataException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Rubric;
import org.tastemaker.feedback.Question;

/**
 * A question, read back from the body of a request.
 *
 * <p>The images are read from their data URLs, their labels from the text before each, and the kind
 * of question from the schema of the answer. The text of the rubric is not read: the judge behind
 * this server goes by the names of the criteria.
 *
 * @param question the question, in its second attempt where the request complains of an answer
 * @param labels of the images, in order
 * @param fields of the answer, in order; the last one, apart from a rationale, is {@code overall}
 * @param logprobs whether probabilities are asked for
 * @param model who is asked
 * @param textLength characters of all texts, for the count of tokens
 */
record AskedQuestion(
    Question question,
    List<String> labels,
    List<String> fields,
    boolean logprobs,
    String model,
    int textLength) {
  private static final Pattern LABEL = Pattern.compile("Image ([A-Z]+):");
  private static final Pattern DATA_URL = Pattern.compile("data:image/(?:png|jpeg);base64,(.*)");
  private static final String PROMPT = "The prompt: ";
  private static final String IN_WORDS = "fits this JSON schema: ";

  /** Reads the body of a request. */
  static AskedQuestion read(Map<?, ?> body, Dialect dialect) throws BadRequest {
    String model = Json.text(body.get("model"), "model");
    List<String> texts = new ArrayList<>();
    List<String> labels = new ArrayList<>();
    List<Image> images = new ArrayList<>();
    for (Object part : content(body, dialect)) {
      Map<?, ?> map = Json.map(part, "content");
      String type = Json.text(map.get("type"), "content.type");
      if (type.equals("text") || type.equals("input_text")) {
        String words = Json.text(map.get("text"), "content.text");
        texts.add(words);
        Matcher label = LABEL.matcher(words);
        if (label.matches()) {
          labels.add(label.group(1));
        }
      } else {
        Object url = map.get("image_url");
        images.add(image(Json.text(url instanceof Map<?, ?> m ? m.get("url") : url, "image_url")));
      }
    }
    if (labels.size() != images.size() || images.isEmpty()) {
      throw BadRequest.because(
          "invalid_value", "messages", "each image needs a text 'Image <label>:' before it");
    }
    Map<?, ?> properties = Json.map(schema(body, dialect, texts).get("properties"), "properties");
    List<String> fields = properties.keySet().stream().map(String::valueOf).toList();
    Map<?, ?> overall = Json.map(properties.get("overall"), "properties.overall");
    String prompt =
        texts.stream()
            .filter(t -> t.startsWith(PROMPT))
            .findFirst()
            .map(t -> t.substring(PROMPT.length()))
            .orElse("\"\"");
    Question first =
        question(overall, Prompt.of(unquoted(prompt)), images, rubric(fields))
            .withSample(Json.number(body.get("seed"), 0));
    Question question =
        texts.stream()
            .filter(t -> t.startsWith("An earlier answer"))
            .findFirst()
            .map(first::again)
            .orElse(first);
    int length = texts.stream().mapToInt(String::length).sum();
    return new AskedQuestion(question, labels, fields, dialect.logprobs(body), model, length);
  }

  private static List<?> content(Map<?, ?> body, Dialect dialect) throws BadRequest {
    Object messages = dialect.messages(body);
    if (messages instanceof List<?> list) {
      for (Object message : list) {
        Map<?, ?> map = Json.map(message, "messages");
        if ("user".equals(map.get("role")) && map.get("content") instanceof List<?> parts) {
          return parts;
        }
      }
    }
    throw BadRequest.because(
        "invalid_value", "messages", "there is no message of the user with parts");
  }

  private static Map<?, ?> schema(Map<?, ?> body, Dialect dialect, List<String> texts)
      throws BadRequest {
    Object forced = dialect.schema(body);
    if (forced != null) {
      return Json.map(forced, "schema");
    }
    for (String text : texts) {
      int at = text.indexOf(IN_WORDS);
      if (at >= 0) {
        return Json.object(text.substring(at + IN_WORDS.length()));
      }
    }
    throw BadRequest.because("invalid_value", "response_format", "no schema says what is asked");
  }

  private static Question question(
      Map<?, ?> overall, Prompt prompt, List<Image> images, Rubric rubric) throws BadRequest {
    try {
      return switch (Json.text(overall.get("type"), "overall.type")) {
        case "string" -> Question.pair(prompt, images.get(0), images.get(1), rubric);
        case "array" -> {
          int size = Json.number(overall.get("minItems"), images.size());
          yield size < images.size()
              ? Question.best(size, prompt, images, rubric)
              : Question.rank(prompt, images, rubric);
        }
        default -> {
          Map<?, ?> numbers = Json.map(overall.get("properties"), "overall.properties");
          Map<?, ?> first = Json.map(numbers.values().iterator().next(), "overall.properties");
          Question.Scale scale =
              new Question.Scale(
                  Json.number(first.get("minimum"), 0), Json.number(first.get("maximum"), 10));
          yield Question.score(scale, prompt, images, rubric);
        }
      };
    } catch (IllegalArgumentException e) {
      throw BadRequest.because("invalid_value", "response_format", String.valueOf(e.getMessage()));
    }
  }

  private static Rubric rubric(List<String> fields) {
    List<Rubric.Criterion> criteria =
        fields.stream()
            .filter(field -> !field.equals("rationale"))
            .filter(field -> !field.equals("overall") || !hasCriteria(fields))
            .map(field -> new Rubric.Criterion(field, field, Rubric.Scope.EACH_IMAGE))
            .toList();
    return new Rubric("server", "1", "", criteria);
  }

  private static boolean hasCriteria(List<String> fields) {
    return fields.stream().anyMatch(f -> !f.equals("overall") && !f.equals("rationale"));
  }

  private static Image image(String url) throws BadRequest {
    Matcher matcher = DATA_URL.matcher(url);
    if (!matcher.matches()) {
      throw BadRequest.because(
          "invalid_image_format", "image_url", "an image must be a data URL of PNG or JPEG");
    }
    try {
      return Image.fromBytes(Base64.getDecoder().decode(matcher.group(1)));
    } catch (IllegalArgumentException e) {
      throw BadRequest.because("invalid_base64_image", "image_url", String.valueOf(e.getMessage()));
    }
  }

  private static String unquoted(String json) throws BadRequest {
    try {
      return String.valueOf(Json.read(json));
    } catch (IOException | JsonDataException e) {
      throw BadRequest.because("invalid_value", "messages", "the prompt is not a JSON string");
    }
  }
}
