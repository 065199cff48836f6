" Ghost text: asked for while one types, drawn behind the cursor, and taken with a key.

let s:shown = {}

" Ask for a suggestion at the cursor.
function! recoder#ghost#ask() abort
  call recoder#ghost#clear()
  let l:asked = {'buffer': bufnr(''), 'tick': b:changedtick, 'at': getcurpos()[1:2]}
  let l:params = {
  \ 'textDocument': {'uri': ale#util#ToURI(expand('%:p'))},
  \ 'position': recoder#position(),
  \ 'context': {'triggerKind': 2},
  \}
  call recoder#send(l:asked.buffer, 'textDocument/inlineCompletion', l:params, function('s:Show', [l:asked]))
endfunction

" Whether there is a suggestion on the screen.
function! recoder#ghost#is_shown() abort
  return !empty(s:shown)
endfunction

" Take it away.
function! recoder#ghost#clear() abort
  if !empty(s:shown)
    call prop_remove({'type': 'recoder', 'bufnr': s:shown.buffer, 'all': 1})
    let s:shown = {}
  endif
endfunction

" Put it into the text, and have that counted.
function! recoder#ghost#accept() abort
  let l:item = s:shown.item
  let l:rest = s:shown.rest
  let l:after = s:shown.after
  call recoder#ghost#clear()
  let l:before = strpart(getline('.'), 0, col('.') - 1)
  let l:lines = split(l:before . l:rest, "\n", 1)
  let l:column = len(l:lines[-1]) + 1
  let l:lines[-1] .= l:after
  call setline('.', l:lines[0])
  call append('.', l:lines[1:])
  call cursor(line('.') + len(l:lines) - 1, l:column)
  if has_key(l:item, 'command')
    let l:params = {'command': l:item.command.command, 'arguments': l:item.command.arguments}
    call recoder#send(bufnr(''), 'workspace/executeCommand', l:params, {response -> 0})
  endif
endfunction

function! s:Show(asked, response) abort
  let l:result = get(a:response, 'result', v:null)
  let l:items = type(l:result) is v:t_dict ? l:result.items : type(l:result) is v:t_list ? l:result : []
  if empty(l:items) || mode() !=# 'i' || a:asked != {'buffer': bufnr(''), 'tick': b:changedtick, 'at': getcurpos()[1:2]}
    return
  endif
  let l:item = l:items[0]
  let l:line = getline('.')
  let l:start = s:Byte(l:line, l:item.range.start.character)
  let l:typed = strpart(l:line, l:start, col('.') - 1 - l:start)
  if l:item.range.start.line != line('.') - 1 || stridx(l:item.insertText, l:typed) != 0
    return
  endif
  let l:rest = strpart(l:item.insertText, len(l:typed))
  let l:after = strpart(l:line, s:Byte(l:line, l:item.range.end.character))
  call recoder#ghost#clear()
  let s:shown = {'buffer': bufnr(''), 'item': l:item, 'rest': l:rest, 'after': l:after}
  let [l:first; l:more] = split(l:rest, "\n", 1)
  if !empty(l:first)
    call prop_add(line('.'), col('.'), {'type': 'recoder', 'text': l:first})
  endif
  for l:each in l:more
    call prop_add(line('.'), 0, {'type': 'recoder', 'text': l:each, 'text_align': 'below'})
  endfor
endfunction

" Where a number of units of UTF-16 ends in a line, in bytes.
function! s:Byte(line, units) abort
  let l:byte = 0
  let l:left = a:units
  for l:character in split(a:line, '\zs')
    if l:left <= 0
      break
    endif
    let l:left -= recoder#units(l:character)
    let l:byte += len(l:character)
  endfor
  return l:byte
endfunction
