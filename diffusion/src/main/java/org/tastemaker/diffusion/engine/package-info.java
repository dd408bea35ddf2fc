/**
 * Engines: what runs the graphs of a model, and where a further one goes.
 *
 * <pre>
 *   model                   says what it computes, with graph.Ops; imports no engine
 *     engine.graph          the description: leaves, layers, outputs; no op of any library
 *   FunctionOptions         says which engine, by the handle that Engines gives for a name
 *     engine                Engine, the provider; Engines, which chooses and puts the checks before
 *       engine.nd4j         replay and session: each layer as ops of ND4J
 *       engine.onednn       onednn: each layer as primitives of oneDNN
 *       (yours)             a jar on the class path
 * </pre>
 *
 * <p><b>A further engine</b> implements {@link org.tastemaker.diffusion.engine.Engine} in a public
 * class, named in {@code META-INF/services/org.tastemaker.diffusion.engine.Engine} of its jar. It
 * has a name, says whether it can run on this machine and if not why, and turns a {@link
 * org.tastemaker.diffusion.engine.graph.GraphDefinition} into a {@link
 * org.tastemaker.diffusion.engine.graph.GraphFunction}. Nothing else is edited: options name it
 * ({@code FunctionOptions.inference().withEngine(Engines.named("yours"))}), and {@code auto} takes
 * it too if it has a priority.
 *
 * <p>It reads the definition alone:
 *
 * <ul>
 *   <li>{@link org.tastemaker.diffusion.engine.graph.Leaf}: each input, parameter and constant,
 *       with its type, shape and array, whether its gradient is wanted, and when its numbers may
 *       change. The arrays are the owner's and are read in place, so a weight that was trained is
 *       seen by the next run; only frozen ones may be copied, until {@code parametersChanged} is
 *       called. Such copies may be shared with the functions that a new one is made beside.
 *   <li>{@link org.tastemaker.diffusion.engine.graph.Layer}: the layers in an order of execution,
 *       each with the tensors that it reads and makes. {@link
 *       org.tastemaker.diffusion.engine.graph.Layer.Kind} is the whole list of what an engine must
 *       be able to compute, forward and backward. An engine that lacks one says so in {@code
 *       whyNot(graph)}, or takes that layer's ops from {@code engine.nd4j}, as onednn does.
 *   <li>the outputs, by the names that callers use.
 * </ul>
 *
 * <p><b>Before an engine is called</b>, it has been checked that it can run here and can run this
 * graph; at each run, that the inputs are exactly those of the graph, each of its shape and type,
 * that token ids are rows of their table, that cotangents belong to outputs, that something is
 * differentiable, that a forward run came first, and that the function is open. Engines check none
 * of it again.
 *
 * <p><b>What an engine owes</b>: results within the bounds that its tests state against {@code
 * replay}, the reference; arrays that are valid until the next call, the same ones each time if it
 * can; memory that stays flat; a {@code close} that frees what it made and no parameter. All of
 * this is written as test classes to be inherited, in the module diffusion/testing. There are no
 * losses here: a loss is computed outside, on the outputs, and its derivative with respect to them
 * is the cotangent that {@code backward} takes. So one backward half serves pre-training, policy
 * gradients and preference losses alike.
 */
@NullMarked
package org.tastemaker.diffusion.engine;

import org.jspecify.annotations.NullMarked;
