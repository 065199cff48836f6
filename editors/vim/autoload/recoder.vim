" Recoder by ALE: the server as one of ALE's linters, its commands, and messages to it.

let s:handlers = {}

" Make the server a linter of a file type.
function! recoder#define(filetype) abort
  call ale#linter#Define(a:filetype, {
  \ 'name': 'recoder',
  \ 'lsp': 'stdio',
  \ 'executable': {-> get(g:, 'recoder_executable', 'recoder-lsp')},
  \ 'command': '%e',
  \ 'project_root': function('recoder#root'),
  \ 'initialization_options': {-> s:Settings()},
  \ 'lsp_config': {-> {'recoder': s:Settings()}},
  \})
endfunction

" Where Git is, else the folder of the file.
function! recoder#root(buffer) abort
  let l:git = ale#path#FindNearestDirectory(a:buffer, '.git')
  return empty(l:git) ? expand('#' . a:buffer . ':p:h') : fnamemodify(l:git, ':h:h')
endfunction

" Run a command of the server, without `recoder.` in front; words are what it is told: a question, an instruction, minutes.
function! recoder#run(command, words, has_range, first, last) abort
  let l:place = {'textDocument': {'uri': ale#util#ToURI(expand('%:p'))}, 'show': v:false}
  if a:has_range
    let l:end = {'line': a:last, 'character': 0}
    let l:place.range = {'start': {'line': a:first - 1, 'character': 0}, 'end': l:end}
  else
    let l:place.position = recoder#position()
  endif
  let l:told = {'chat': 'message', 'search': 'query', 'fix': 'message', 'snooze': 'minutes'}
  if !empty(a:words)
    let l:place[get(l:told, a:command, 'instruction')] = a:command ==# 'snooze' ? str2nr(a:words) : a:words
  endif
  let l:params = {'command': 'recoder.' . a:command, 'arguments': [l:place]}
  call recoder#send(bufnr(''), 'workspace/executeCommand', l:params, function('s:Show', [a:command]))
endfunction

" The names of the commands that a user may want, for completion.
function! recoder#names(lead, line, position) abort
  return join(['chat', 'commitMessage', 'explain', 'reindex', 'search', 'snooze'], "\n")
endfunction

" Send a request for a buffer, after its changes; the handler gets the response.
function! recoder#send(buffer, method, params, Handler) abort
  let l:linters = filter(ale#linter#Get(getbufvar(a:buffer, '&filetype')), {_, linter -> linter.name is# 'recoder'})
  if !empty(l:linters)
    let l:Callback = function('s:Send', [[0, a:method, a:params], a:Handler])
    call ale#lsp_linter#StartLSP(a:buffer, l:linters[0], l:Callback)
  endif
endfunction

" The cursor, as LSP counts: in units of UTF-16.
function! recoder#position() abort
  return {'line': line('.') - 1, 'character': recoder#units(strpart(getline('.'), 0, col('.') - 1))}
endfunction

" How many units of UTF-16 a text has.
function! recoder#units(text) abort
  return strchars(a:text) + strchars(substitute(a:text, '[^\U10000-\U10FFFF]', '', 'g'))
endfunction

" Where there is ghost text, the menu is for names: ALE would cut suggestions in it at the first parenthesis.
function! s:Settings() abort
  let l:ours = has('patch-9.0.0185') ? {'completion.menu': 'never'} : {}
  " A copy, because ALE compares it with the earlier one.
  return extend(l:ours, deepcopy(get(g:, 'recoder_settings', {})))
endfunction

function! s:Send(message, Handler, linter, details) abort
  let l:id = a:details.connection_id
  call ale#lsp#NotifyForChanges(l:id, a:details.buffer)
  call ale#lsp#RegisterCallback(l:id, function('s:Answered'))
  let s:handlers[ale#lsp#Send(l:id, a:message)] = a:Handler
endfunction

function! s:Answered(connection, response) abort
  if has_key(a:response, 'id') && has_key(s:handlers, a:response.id) && !has_key(a:response, 'method')
    call call(remove(s:handlers, a:response.id), [a:response])
  endif
endfunction

function! s:Show(command, response) abort
  if has_key(a:response, 'error')
    echohl ErrorMsg | echomsg 'Recoder: ' . a:response.error.message | echohl None
    return
  endif
  let l:result = get(a:response, 'result', v:null)
  if type(l:result) isnot v:t_dict
    return
  endif
  if a:command ==# 'search'
    call s:ShowHits(l:result)
  else
    call s:ShowText(a:command, s:Text(l:result))
  endif
endfunction

function! s:ShowHits(result) abort
  call setqflist([], ' ', {
  \ 'title': 'Recoder: ' . a:result.query,
  \ 'items': map(copy(a:result.hits), {_, hit -> {
  \   'filename': ale#util#ToResource(hit.uri),
  \   'lnum': hit.range.start.line + 1,
  \   'text': hit.symbol,
  \ }}),
  \})
  copen
endfunction

" An answer with its sources in a list below it, where gF opens them.
function! s:Text(result) abort
  let l:text = get(a:result, 'markdown', get(a:result, 'message', ''))
  let l:text = substitute(l:text, '\[\(\[\d\+\]\)\]([^)]*)', '\1', 'g')
  let l:sources = map(copy(get(a:result, 'citations', [])), {i, cited -> printf('- [%d] %s:%d',
  \ i + 1, fnamemodify(ale#util#ToResource(cited.uri), ':.'), cited.range.start.line + 1)})
  return join([substitute(l:text, '\n\+$', '', '')] + (empty(l:sources) ? [] : [''] + l:sources), "\n")
endfunction

function! s:ShowText(command, text) abort
  execute 'silent pedit recoder://' . a:command
  wincmd P
  setlocal buftype=nofile bufhidden=wipe noswapfile filetype=markdown
  let b:ale_enabled = 0
  call setline(1, split(a:text, "\n", 1))
  wincmd p
endfunction
