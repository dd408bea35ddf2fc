package org.tastemaker.diffusion.weights;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The machine of Python's pickles, protocols 0 to 5: a list of instructions that put values on a
 * stack. Nothing is run and nothing is looked up in any program: what a name means, and what
 * calling it gives, is up to {@link PickleObjects}.
 *
 * <p>Values are String, Long, BigInteger, Double, Boolean, byte[], {@link #NONE}, List (lists,
 * tuples and sets), {@link PickleDict}, and what the objects make. Each instruction makes at most
 * one value and one entry in the memo, the number of instructions has a bound, and what they read
 * is in memory already: so the memory has a bound too. Values are never compared nor walked here,
 * so one that contains itself does no harm.
 */
final class Pickle {
  /** Python's None. */
  static final Object NONE = new Object();

  private static final Object MARK = new Object();

  /** A checkpoint of 2,000 tensors has some 60,000. */
  static final int MOST_INSTRUCTIONS = 400_000;

  private static final int LONGEST_NUMBER = 64;

  private final String where;
  private final PickleInput in;
  private final PickleObjects objects;
  private final List<Object> stack = new ArrayList<>();
  private final Map<Long, Object> memo = new HashMap<>();
  private int instructions;

  private Pickle(String where, PickleInput in, PickleObjects objects) {
    this.where = where;
    this.in = in;
    this.objects = objects;
  }

  /**
   * Reads one pickle, up to and with its end.
   *
   * @param where names it in messages
   * @param in stands at its beginning
   * @param objects what it may be made of
   */
  static Object read(String where, PickleInput in, PickleObjects objects) {
    Pickle pickle = new Pickle(where, in, objects);
    for (int code = in.u1(); code != '.'; code = in.u1()) {
      if (++pickle.instructions > MOST_INSTRUCTIONS) {
        throw pickle.error(
            "has more than "
                + MOST_INSTRUCTIONS
                + " instructions: it is damaged, or made to exhaust the memory");
      }
      pickle.run(code);
    }
    return pickle.pop();
  }

  private void run(int code) {
    switch (code) {
      // The frame of a protocol, which says nothing of the value.
      case 0x80 -> protocol(in.u1());
      case 0x95 -> in.length8();
      // Plain values.
      case 'N' -> push(NONE);
      case 0x88 -> push(true);
      case 0x89 -> push(false);
      case 'I' -> push(integer(in.line()));
      case 'J' -> push((long) in.i4());
      case 'K' -> push((long) in.u1());
      case 'M' -> push((long) in.u2());
      case 'L' -> push(integer(in.line()));
      case 0x8A -> push(integer(in.u1()));
      case 0x8B -> push(integer(in.length4()));
      case 'F' -> push(real(in.line()));
      case 'G' -> push(in.f8());
      // Texts and bytes.
      case 'S' -> push(unquoted(in.line()));
      case 'V' -> push(in.line());
      case 'T', 'X' -> push(in.utf8(in.length4()));
      case 'U', 0x8C -> push(in.utf8(in.u1()));
      case 0x8D -> push(in.utf8(in.length8()));
      case 'B' -> push(in.bytes(in.length4()));
      case 'C' -> push(in.bytes(in.u1()));
      case 0x8E, 0x96 -> push(in.bytes(in.length8()));
      // Lists, tuples and sets.
      case ']', ')', 0x8F -> push(new ArrayList<>(0));
      case 'l', 't', 0x91 -> push(popToMark());
      case 0x85 -> push(popLast(1));
      case 0x86 -> push(popLast(2));
      case 0x87 -> push(popLast(3));
      case 'a' -> append(popLast(1));
      case 'e', 0x90 -> append(popToMark());
      // Dicts.
      case '}' -> push(new PickleDict());
      case 'd' -> push(filled(new PickleDict(), popToMark()));
      case 's' -> set(popLast(2));
      case 'u' -> set(popToMark());
      // Objects.
      case 'c' -> push(objects.global(in.line(), in.line()));
      case 0x93 -> stackGlobal(popLast(2));
      case 'R', 0x81 -> call(popLast(2));
      case 0x92 -> call(popLast(3).subList(0, 2)); // with arguments by name, which no type here has
      case 'i' -> push(objects.call(objects.global(in.line(), in.line()), popToMark()));
      case 'o' -> callWithMark(popToMark());
      case 'b' -> build(popLast(2));
      case 'P' -> push(objects.persistent(in.line()));
      case 'Q' -> push(objects.persistent(pop()));
      // The stack and the memo.
      case '(' -> stack.add(MARK);
      case '0' -> pop();
      case '1' -> popToMark();
      case '2' -> push(top());
      case 'p' -> put(number(in.line()));
      case 'q' -> put(in.u1());
      case 'r' -> put(Integer.toUnsignedLong(in.i4()));
      case 0x94 -> put(memo.size());
      case 'g' -> get(number(in.line()));
      case 'h' -> get(in.u1());
      case 'j' -> get(Integer.toUnsignedLong(in.i4()));
      default ->
          throw error(
              String.format(
                  Locale.ROOT,
                  "has the instruction 0x%02X at byte %d, which is none that a file of tensors has",
                  code,
                  in.position() - 1));
    }
  }

  private void protocol(int version) {
    if (version > 5) {
      throw error("has protocol " + version + "; known are those up to 5");
    }
  }

  // ---- Numbers and texts

  private Object integer(String line) {
    return switch (line) {
      case "00" -> false;
      case "01" -> true;
      default -> number(line.endsWith("L") ? line.substring(0, line.length() - 1) : line);
    };
  }

  private long number(String line) {
    try {
      return Long.parseLong(line);
    } catch (NumberFormatException e) {
      throw error("has '" + shorten(line) + "' in the place of a whole number");
    }
  }

  private Object integer(int bytes) {
    if (bytes > LONGEST_NUMBER) {
      throw error("has a whole number of " + bytes + " bytes");
    }
    byte[] big = in.bytes(bytes);
    for (int i = 0; i < bytes / 2; i++) {
      byte swapped = big[i];
      big[i] = big[bytes - 1 - i];
      big[bytes - 1 - i] = swapped;
    }
    BigInteger number = bytes == 0 ? BigInteger.ZERO : new BigInteger(big);
    return number.bitLength() < Long.SIZE ? (Object) number.longValue() : number;
  }

  private double real(String line) {
    try {
      return line.length() > LONGEST_NUMBER || line.endsWith("n") || line.endsWith("f")
          ? Double.NaN
          : Double.parseDouble(line);
    } catch (NumberFormatException e) {
      throw error("has '" + shorten(line) + "' in the place of a number");
    }
  }

  private static String unquoted(String line) {
    return line.length() < 2 ? line : line.substring(1, line.length() - 1);
  }

  // ---- Containers and objects

  private void append(List<Object> items) {
    if (!(top() instanceof List<?>)) {
      throw error("puts items into what is no list");
    }
    @SuppressWarnings("unchecked") // every list on the stack was made here, of objects
    List<Object> list = (List<Object>) top();
    list.addAll(items);
  }

  private void set(List<Object> keysAndValues) {
    if (top() instanceof PickleDict dict) {
      filled(dict, keysAndValues);
    } else {
      throw error("puts entries into what is no dict");
    }
  }

  private PickleDict filled(PickleDict dict, List<Object> keysAndValues) {
    if (keysAndValues.size() % 2 != 0) {
      throw error("has a key without a value");
    }
    for (int i = 0; i < keysAndValues.size(); i += 2) {
      dict.put(keysAndValues.get(i), keysAndValues.get(i + 1));
    }
    return dict;
  }

  private void stackGlobal(List<Object> moduleAndName) {
    if (moduleAndName.get(0) instanceof String module
        && moduleAndName.get(1) instanceof String name) {
      push(objects.global(module, name));
    } else {
      throw error("names something by what is no text");
    }
  }

  private void call(List<Object> callableAndArguments) {
    if (!(callableAndArguments.get(1) instanceof List<?> arguments)) {
      throw error("calls something with arguments that are no tuple");
    }
    push(objects.call(callableAndArguments.get(0), Collections.unmodifiableList(arguments)));
  }

  private void callWithMark(List<Object> callableAndArguments) {
    if (callableAndArguments.isEmpty()) {
      throw error("makes an object of nothing");
    }
    push(
        objects.call(
            callableAndArguments.get(0),
            callableAndArguments.subList(1, callableAndArguments.size())));
  }

  private void build(List<Object> objectAndState) {
    objects.build(objectAndState.get(0), objectAndState.get(1));
    push(objectAndState.get(0));
  }

  // ---- The stack

  private void push(Object value) {
    stack.add(value);
  }

  private Object top() {
    if (stack.isEmpty() || stack.get(stack.size() - 1) == MARK) {
      throw error("takes a value from an empty stack at byte " + in.position());
    }
    return stack.get(stack.size() - 1);
  }

  private Object pop() {
    Object top = top();
    stack.remove(stack.size() - 1);
    return top;
  }

  private List<Object> popLast(int count) {
    int from = stack.size() - count;
    List<Object> popped = new ArrayList<>(count);
    for (int i = from; i < stack.size(); i++) {
      if (from < 0 || stack.get(i) == MARK) {
        throw error("takes " + count + " values from a smaller stack at byte " + in.position());
      }
      popped.add(stack.get(i));
    }
    for (int i = 0; i < count; i++) {
      stack.remove(stack.size() - 1);
    }
    return popped;
  }

  private List<Object> popToMark() {
    int mark = stack.lastIndexOf(MARK);
    if (mark < 0) {
      throw error("looks for a mark that is not on the stack at byte " + in.position());
    }
    List<Object> popped = new ArrayList<>(stack.subList(mark + 1, stack.size()));
    stack.subList(mark, stack.size()).clear();
    return popped;
  }

  private void put(long key) {
    memo.put(key, top());
  }

  private void get(long key) {
    Object value = memo.get(key);
    if (value == null) {
      throw error("recalls number " + key + ", which was never kept, at byte " + in.position());
    }
    push(value);
  }

  private static String shorten(String text) {
    return text.length() <= 100 ? text : text.substring(0, 100) + "...";
  }

  private TorchFileException error(String what) {
    return new TorchFileException(
        where + ": the pickle " + what + ". The file is damaged or no file of PyTorch");
  }
}
