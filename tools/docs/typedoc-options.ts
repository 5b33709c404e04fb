// A plug-in of TypeDoc: an option says what it is in `.describe(…)`, a part of a table in its `description`; so do the API pages.
import { Comment, Converter, type Application } from 'typedoc';
import ts from 'typescript';

/** Called by TypeDoc. */
export function load({ converter }: Application): void {
  converter.on(Converter.EVENT_CREATE_DECLARATION, (context, reflection) => {
    if (reflection.comment !== undefined) return;
    const declarations = context.getSymbolFromReflection(reflection)?.declarations ?? [];
    const value = declarations.map(valueOf).find((expression) => expression !== undefined);
    const text = value === undefined ? undefined : descriptionIn(value, context.checker);
    if (text !== undefined) reflection.comment = new Comment([{ kind: 'text', text }]);
  });
}

/** `options` in `{ options: … }` or `{ options }`. */
function valueOf(declaration: ts.Declaration): ts.Expression | undefined {
  if (ts.isPropertyAssignment(declaration)) return declaration.initializer;
  return ts.isShorthandPropertyAssignment(declaration) ? declaration.name : undefined;
}

/** The text of the outermost `.describe('…')` in a chain of calls, or an object's `description`; of a name, that of what it stands for. */
function descriptionIn(expression: ts.Expression, checker: ts.TypeChecker): string | undefined {
  if (ts.isIdentifier(expression)) {
    const value = variableOf(expression, checker)?.initializer;
    return value === undefined || ts.isIdentifier(value) ? undefined : descriptionIn(value, checker);
  }
  if (ts.isObjectLiteralExpression(expression)) {
    const described = expression.properties.filter(ts.isPropertyAssignment).find(({ name }) => name.getText() === 'description');
    return described !== undefined && ts.isStringLiteralLike(described.initializer) ? described.initializer.text : undefined;
  }
  if (!ts.isCallExpression(expression) || !ts.isPropertyAccessExpression(expression.expression)) return undefined;
  const { expression: before, name } = expression.expression;
  const [argument] = expression.arguments;
  if (name.text === 'describe' && argument !== undefined && ts.isStringLiteralLike(argument)) return argument.text;
  return descriptionIn(before, checker);
}

function variableOf(name: ts.Identifier, checker: ts.TypeChecker): ts.VariableDeclaration | undefined {
  const shorthand = ts.isShorthandPropertyAssignment(name.parent) ? checker.getShorthandAssignmentValueSymbol(name.parent) : undefined;
  const symbol = shorthand ?? checker.getSymbolAtLocation(name);
  const target = symbol !== undefined && (symbol.flags & ts.SymbolFlags.Alias) !== 0 ? checker.getAliasedSymbol(symbol) : symbol;
  return target?.declarations?.find(ts.isVariableDeclaration);
}
